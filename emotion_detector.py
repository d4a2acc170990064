"""Find the faces of a webcam, a video or pictures, and tell their emotions.

    python emotion_detector.py
    python emotion_detector.py --video samples/faces.mp4 --no-display --output annotated.mp4
    python emotion_detector.py --image samples --no-display --csv emotions.csv

With a display it shows two windows; the key q ends it.
"""

import argparse
import itertools
from contextlib import ExitStack, closing
from pathlib import Path

from config import emotion_config as config
from pipeline.commandline import (
    existing_file,
    import_keras,
    positive,
    prepare_opencv,
    run,
    stop_requests,
)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--camera", type=int, default=0, metavar="N",
                        help="number of the webcam (default: 0)")
    source.add_argument("--video", help="a video file, or a stream's address")
    source.add_argument("--image", type=Path, help="a picture, or a folder of pictures")
    parser.add_argument("--cascade", type=Path, default=config.CASCADE_PATH,
                        help="cascade file that finds faces (default: the one that ships)")
    parser.add_argument("--model", type=Path, default=config.MODEL_PATH,
                        help="trained network (default: checkpoints/model.hdf5)")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="annotated video, picture, or existing folder of pictures")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a row for each face and frame")
    parser.add_argument("--timeline", type=Path, metavar="FILE",
                        help="picture of the emotions over time")
    parser.add_argument("--no-display", action="store_true", help="open no windows")
    parser.add_argument("--faces", choices=("all", "largest"), default="all")
    parser.add_argument("--smoothing", type=float, default=0.7, metavar="SHARE",
                        help="weight of the past in a face's emotions, 0 to below 1 (%(default)s)")
    parser.add_argument("--max-frames", type=positive, metavar="N", help="stop after N frames")
    parser.add_argument("--every", type=positive, default=1, metavar="N",
                        help="take each N-th frame of a video")
    parser.add_argument("--detection-width", type=positive, default=300, metavar="PIXELS",
                        help="search faces in frames shrunk to this width (%(default)s)")
    parser.add_argument("--min-face", type=positive, default=30, metavar="PIXELS",
                        help="smallest face in the shrunk frame (%(default)s)")
    parser.add_argument("--full-scan-every", type=positive, default=10, metavar="N",
                        help="look beyond known faces every N frames; 1: always (%(default)s)")
    args = parser.parse_args(argv)
    if not 0 <= args.smoothing < 1:
        parser.error(f"--smoothing {args.smoothing}: expected 0 to below 1")
    return args


def main(argv=None):
    args = parse_args(argv)
    existing_file(args.cascade, "cascade file", "see haarcascade_frontalface_default.xml")
    existing_file(args.model, "model file", "train one, or see checkpoints/model.hdf5")
    if args.video and "://" not in args.video:
        existing_file(args.video, "video file", "see samples/")
    if args.image and not args.image.is_dir():
        existing_file(args.image, "picture", "see samples/")
    prepare_opencv()
    with stop_requests() as stop:
        detect(args, stop)
    stop.raise_if_requested("stopped; every output is complete")


def detect(args, stop):
    """Run from the first frame to the last, or until a stop is requested."""
    from pipeline.detection.facedetector import FaceDetector
    from pipeline.detection.framesource import PictureSource, VideoSource
    from pipeline.detection.windows import require_display

    if not args.no_display:
        require_display()
    detector = FaceDetector(
        args.cascade,
        width=args.detection_width,
        min_face=args.min_face,
        full_scan_every=args.full_scan_every,
    )
    with ExitStack() as stack:
        if args.image:
            source = PictureSource(args.image)
        else:
            source = stack.enter_context(
                VideoSource(args.video or args.camera, every=args.every))
        import_keras()
        from pipeline.detection.emotionanalyzer import EmotionAnalyzer
        from pipeline.detection.emotionclassifier import EmotionClassifier
        from pipeline.detection.facetracker import FaceTracker
        from pipeline.detection.runsummary import RunSummary

        classifier = EmotionClassifier(args.model)
        analyzer = EmotionAnalyzer(
            detector,
            classifier,
            FaceTracker(args.smoothing),
            only_largest=args.faces == "largest",
            frames_belong_together=not args.image,
        )
        summary = RunSummary(classifier.class_names)
        sinks = [summary, *open_sinks(args, source, classifier.class_names, stack)]
        follow(source, analyzer, sinks, args.max_frames, stop)
    print_summary(summary, source, args)


def open_sinks(args, source, class_names, stack):
    """Return what takes each frame and its faces, in order: drawing comes before showing."""
    from pipeline.detection.annotatedpictures import AnnotatedPictures
    from pipeline.detection.annotatedvideo import AnnotatedVideo
    from pipeline.detection.drawing import Annotator
    from pipeline.detection.emotioncsv import EmotionCSV
    from pipeline.detection.timeline import Timeline
    from pipeline.detection.windows import Windows

    sinks = []
    if args.csv:
        sinks.append(stack.enter_context(
            EmotionCSV.create(args.csv, class_names, with_name=bool(args.image))))
    if args.timeline:
        sinks.append(stack.enter_context(Timeline.create(args.timeline, class_names)))
    if args.output or not args.no_display:
        sinks.append(Annotator(class_names, with_rate=not args.image))
    if not args.no_display:
        sinks.append(stack.enter_context(Windows(class_names, wait=bool(args.image))))
    if args.output and args.image:
        sinks.append(AnnotatedPictures(args.output, folder=args.image.is_dir()))
    elif args.output:
        sinks.append(stack.enter_context(AnnotatedVideo.create(args.output, source.rate)))
    return sinks


def follow(source, analyzer, sinks, max_frames, stop):
    """Analyze the frames one by one and hand each to the sinks."""
    from pipeline.progress import track_frames

    frames = itertools.islice(source, max_frames)
    with closing(analyzer.analyze(frames)) as results:
        for frame, faces in track_frames(results, source, max_frames):
            for sink in sinks:
                sink.write(frame, faces)
            if stop.requested or any(getattr(sink, "closed", False) for sink in sinks):
                break


def print_summary(summary, source, args):
    from rich.console import Console

    console = Console()
    console.print(summary.table(title=source.name))
    for what, path in (("annotated", args.output), ("emotions by face and frame", args.csv),
                       ("timeline", args.timeline)):
        if path:
            console.print(f"{what}: {path}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    run(main)
