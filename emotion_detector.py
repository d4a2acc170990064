"""Find the faces of a webcam, a video or pictures, and tell their emotions.

    python emotion_detector.py
    python emotion_detector.py --video samples/faces.mp4 --no-display --output annotated.mp4
    python emotion_detector.py --image samples --no-display --csv emotions.csv
    python emotion_detector.py --video talks/ --no-display --csv tables/ --skip-existing

With a display it shows two windows: space pauses, q, Esc and the close buttons end it.
"""

import sys
from contextlib import redirect_stdout
from functools import partial
from secrets import token_urlsafe

from config import emotion_config as config
from pipeline import commandline as check
from pipeline.errors import UserError
from pipeline.process.ending import run, stop_requests
from pipeline.process.imports import limit_threads, prepare_opencv


def parse_args(argv=None):
    parser = check.new_parser(__doc__)
    add_sources(parser.add_argument_group("where frames come from"))
    add_faces(parser.add_argument_group("how faces and emotions are found"))
    add_outputs(parser.add_argument_group("what is written and shown"))
    return parser.parse_args(argv)


def add_sources(group):
    add = group.add_mutually_exclusive_group().add_argument
    add("--camera", type=check.camera_number, default=0, metavar="N",
        help="number of the webcam (default: %(default)s)")
    add("--video", nargs="+", type=check.name, metavar="FILE",
        help="video files, folders of them, streams' addresses, devices such as /dev/video2, or "
             "-, standard input")
    add("--image", nargs="+", type=check.name, metavar="PATH",
        help="pictures, and folders of them with their subfolders")
    add = group.add_argument
    add("--every", type=check.positive, default=1, metavar="N",
        help="take each N-th frame of a video (default: %(default)s)")
    add("--start", type=check.moment, default=0.0, metavar="TIME",
        help="begin at this time of a file, seconds or h:mm:ss; times stay the file's")
    add("--end", type=check.moment, metavar="TIME", help="end before this time")
    add("--reconnect", type=check.seconds, default=30, metavar="SECONDS",
        help="how long a network stream that drops is tried again (default: %(default)s)")
    add("--max-frames", type=check.positive, metavar="N", help="stop after N frames")


def add_faces(group):
    add = group.add_argument
    add("--model", type=check.path, default=config.DETECTOR_MODEL_PATH, metavar="FILE",
        help="trained network, which has the class names (default: %(default)s)")
    add("--precision", choices=("float32", "int8"),
        help="of the network's numbers (default: int8 if the model file has the ranges that it "
             "needs)")
    finder = group.add_mutually_exclusive_group()
    finder.add_argument(
        "--detector", type=check.path, metavar="FILE",
        help="YuNet's .onnx file, which finds more faces than the cascade (default: "
             "checkpoints/face_detection_yunet_2023mar.onnx or a later one, if it is there)")
    finder.add_argument(
        "--cascade", type=check.path, metavar="FILE",
        help=f"OpenCV cascade that finds faces without YuNet (default: {config.CASCADE_PATH.name})")
    add("--threads", type=check.positive, metavar="N",
        help="start no more than N threads for the network and for OpenCV (default: one for each "
             "core)")
    add("--detection-width", type=check.positive, metavar="PIXELS",
        help="look for faces in frames shrunk to this width, with YuNet to this longest side "
             "(default: 640 for pictures; for videos 300, with YuNet 320, and 640 where faces are "
             "small)")
    add("--min-face", type=check.positive, metavar="PIXELS",
        help="smallest face in the shrunk frame (default: 30, with YuNet none)")
    add("--full-scan-every", type=check.seconds, default=0.5, metavar="SECONDS",
        help="with the cascade, search whole frames so often, and the others near known faces; 0 "
             "searches every frame whole, as the original system does (default: %(default)s)")
    add("--faces", choices=("all", "largest"), default="all",
        help="every face, or one person: the largest face, as face 1 throughout (default: "
             "%(default)s)")
    add("--smoothing", type=check.seconds, default=0.14, metavar="SECONDS",
        help="time constant of the average over a face's emotions; 0 gives the network's own "
             "numbers (default: %(default)s)")
    add("--least-confidence", type=check.share, default=0.0, metavar="SHARE",
        help="call a face unsure whose likeliest emotion has less than this, 0 to 1 (default: "
             "%(default)s)")


def add_outputs(group):
    add = group.add_argument
    add("--output", type=check.name, metavar="PATH",
        help="annotated video (.mp4, .mov, .mkv, .avi, .webm) or picture; for several a folder, "
             "as with --csv and --timeline for several videos")
    add("--csv", type=check.name, metavar="PATH",
        help="table with a row for each face and frame, .csv or .tsv, written as it goes, with a "
             ".json beside it that says what it holds; - is standard output")
    add("--timeline", type=check.name, metavar="PATH",
        help="picture of the emotions over time (.png, .pdf, .svg)")
    add("--page", type=check.name, metavar="PATH",
        help="web page (.html) with the annotated video, the emotions over time, faces and "
             "moments, or with the pictures; for several videos a folder, with an index")
    add("--skip-existing", action="store_true",
        help="leave out videos whose results are there and complete")
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("--no-display", action="store_true", help="open no windows")
    shown.add_argument(
        "--serve", type=check.address, metavar="[HOST:]PORT",
        help="show it in web browsers in place of the windows; 127.0.0.1 unless HOST says "
             "otherwise")


def main(argv=None):
    args = parse_args(argv)
    from pipeline.detection.outputs.formats import STANDARD_OUTPUT
    from pipeline.detection.runs.plan import plan_jobs
    from pipeline.files.folder import Skips

    if args.detector:
        check.existing_file(args.detector, "YuNet file", "README says where it is to be had")
    if args.cascade:
        check.existing_file(args.cascade, "cascade file", f"see {config.CASCADE_PATH.name}")
    check.existing_file(args.model, "model file", "train one, or see the checkpoints folder")
    refuse_flags_without_effect(args)
    if args.threads:
        limit_threads(args.threads)
    if args.csv == "-":
        args.csv = str(STANDARD_OUTPUT)
    skips = Skips()
    if not args.detector and not args.cascade:
        args.detector = config.DETECTOR_PATH
    models = filter(None, (args.model, args.detector, args.cascade or config.CASCADE_PATH))
    jobs = plan_jobs(
        camera=args.camera, videos=args.video, pictures=args.image, annotated=args.output,
        csv=args.csv, timeline=args.timeline, page=args.page, skips=skips, also_read=models)
    prepare_opencv()
    data_on_stdout = str(STANDARD_OUTPUT) in (args.output, args.csv, args.timeline)
    with (stop_requests("stopped; what is finished is complete") as stop,
          redirect_stdout(sys.stderr if data_on_stdout else sys.stdout)):
        return detect(args, jobs, stop, skips)


def refuse_flags_without_effect(args):
    """Raise UserError if a flag is given that changes nothing for this source or face detector."""
    from pipeline.detection.sources.framesource import is_address

    idle = [("full_scan_every", "YuNet")] if args.detector else []
    if args.image:
        idle += [(flag, "pictures") for flag in (
            "every", "start", "end", "reconnect", "full_scan_every", "smoothing")]
    elif not args.video:
        idle += [(flag, "a camera") for flag in ("start", "end", "reconnect")]
    elif not any(map(is_address, args.video)):
        idle.append(("reconnect", "files"))
    defaults = parse_args([])
    for flag, what in idle:
        if getattr(args, flag) != getattr(defaults, flag):
            raise UserError(f"--{flag.replace('_', '-')} has no effect on {what}; leave it out")
    if args.skip_existing and not (
            args.video and (args.output or args.csv or args.timeline or args.page)):
        raise UserError("--skip-existing is for --video with --output, --csv, --timeline or --page")
    if args.end is not None and args.end <= args.start:
        raise UserError(f"--end {args.end:g} s is not after --start {args.start:g} s")


def display_of(args):
    if args.no_display:
        return None
    if args.serve:
        from pipeline.detection.outputs.livepage import LivePage

        return partial(LivePage, *args.serve, token_urlsafe())
    from pipeline.detection.outputs.windows import Windows, require_display

    require_display()
    return Windows


def detect(args, jobs, stop, skips):
    """Run the jobs to the last frame, or until a stop is requested; return the exit status."""
    display = display_of(args)
    from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
    from pipeline.detection.faces.emotionclassifier import EmotionClassifier
    from pipeline.detection.faces.facedetector import new_face_detector
    from pipeline.detection.faces.facetracker import FaceTracker
    from pipeline.detection.runs.run import run_jobs
    from pipeline.detection.sources.framesource import Reading

    face_detector = new_face_detector(
        args.detector, args.cascade, config.CASCADE_PATH, pictures=args.image is not None,
        full_scan_every=args.full_scan_every, width=args.detection_width, min_face=args.min_face)
    analyzer = EmotionAnalyzer(
        face_detector, EmotionClassifier(args.model, args.precision),
        FaceTracker(only_largest=args.faces == "largest"),
        smoothing=args.smoothing, least_confidence=args.least_confidence,
        frames_belong_together=args.image is None)
    return run_jobs(jobs, analyzer, stop, skips, skip_existing=args.skip_existing,
                    max_frames=args.max_frames, display=display,
                    reading=Reading(args.every, args.start, args.end, args.reconnect))


if __name__ == "__main__":
    run(main, requirements="requirements-detector.txt")
