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
from pipeline.commandline import (
    address,
    camera_number,
    existing_file,
    moment,
    name,
    new_parser,
    path,
    positive,
    seconds,
    share,
)
from pipeline.ending import run, stop_requests
from pipeline.errors import UserError
from pipeline.quietimports import limit_threads, prepare_opencv


def parse_args(argv=None):
    parser = new_parser(__doc__)
    add_sources(parser.add_argument_group("where frames come from"))
    add_faces(parser.add_argument_group("how faces and emotions are found"))
    add_outputs(parser.add_argument_group("what is written and shown"))
    return parser.parse_args(argv)


def add_sources(group):
    one = group.add_mutually_exclusive_group()
    one.add_argument("--camera", type=camera_number, default=0, metavar="N",
                     help="number of the webcam (default: %(default)s)")
    one.add_argument("--video", nargs="+", type=name, metavar="FILE",
                     help="video files, folders of them, streams' addresses, devices such as "
                          "/dev/video2, or -, standard input")
    one.add_argument("--image", nargs="+", type=name, metavar="PATH",
                     help="pictures, and folders of them with their subfolders")
    group.add_argument("--every", type=positive, default=1, metavar="N",
                       help="take each N-th frame of a video (default: %(default)s)")
    group.add_argument("--start", type=moment, default=0.0, metavar="TIME",
                       help="begin at this time of a file, seconds or h:mm:ss; times stay the "
                            "file's")
    group.add_argument("--end", type=moment, metavar="TIME", help="end before this time")
    group.add_argument("--reconnect", type=seconds, default=30, metavar="SECONDS",
                       help="how long a network stream that drops is tried again "
                            "(default: %(default)s)")
    group.add_argument("--max-frames", type=positive, metavar="N", help="stop after N frames")


def add_faces(group):
    group.add_argument("--model", type=path, default=config.DETECTOR_MODEL_PATH, metavar="FILE",
                       help="trained network, which has the class names (default: %(default)s)")
    group.add_argument("--precision", choices=("float32", "int8"),
                       help="of the network's numbers (default: int8 if the model file has the "
                            "ranges that it needs)")
    finder = group.add_mutually_exclusive_group()
    finder.add_argument("--detector", type=path, metavar="FILE",
                        help="YuNet's .onnx file, which finds more faces than the cascade "
                             "(default: checkpoints/face_detection_yunet_2023mar.onnx or a later "
                             "one, if it is there)")
    finder.add_argument("--cascade", type=path, metavar="FILE",
                        help="OpenCV cascade that finds faces without YuNet (default: "
                             f"{config.CASCADE_PATH.name})")
    group.add_argument("--threads", type=positive, metavar="N",
                       help="start no more than N threads for the network and for OpenCV (default: "
                            "one for each core)")
    group.add_argument("--detection-width", type=positive, metavar="PIXELS",
                       help="look for faces in frames shrunk to this width, with YuNet to this "
                            "longest side (default: 640 for pictures; for videos 300, with YuNet "
                            "320, and 640 where faces are small)")
    group.add_argument("--min-face", type=positive, metavar="PIXELS",
                       help="smallest face in the shrunk frame (default: 30, with YuNet none)")
    group.add_argument("--full-scan-every", type=seconds, default=0.5, metavar="SECONDS",
                       help="with the cascade, search whole frames so often, and the others near "
                            "known faces; 0 searches every frame whole, as the original system "
                            "does (default: %(default)s)")
    group.add_argument("--faces", choices=("all", "largest"), default="all",
                       help="every face, or one person: the largest face, as face 1 throughout "
                            "(default: %(default)s)")
    group.add_argument("--smoothing", type=seconds, default=0.14, metavar="SECONDS",
                       help="time constant of the average over a face's emotions; 0 gives the "
                            "network's own numbers (default: %(default)s)")
    group.add_argument("--least-confidence", type=share, default=0.0, metavar="SHARE",
                       help="call a face unsure whose likeliest emotion has less than this, 0 to 1 "
                            "(default: %(default)s)")


def add_outputs(group):
    group.add_argument("--output", type=name, metavar="PATH",
                       help="annotated video (.mp4, .mov, .mkv, .avi, .webm) or picture; for "
                            "several a folder, as with --csv and --timeline for several videos")
    group.add_argument("--csv", type=name, metavar="PATH",
                       help="table with a row for each face and frame, .csv or .tsv, written as it "
                            "goes, with a .json beside it that says what it holds; - is standard "
                            "output")
    group.add_argument("--timeline", type=name, metavar="PATH",
                       help="picture of the emotions over time (.png, .pdf, .svg)")
    group.add_argument("--page", type=name, metavar="PATH",
                       help="web page (.html) with the annotated video, the emotions over time, "
                            "faces and moments, or with the pictures; for several videos a "
                            "folder, with an index")
    group.add_argument("--skip-existing", action="store_true",
                       help="leave out videos whose results are there and complete")
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("--no-display", action="store_true", help="open no windows")
    shown.add_argument("--serve", type=address, metavar="[HOST:]PORT",
                       help="show it in web browsers in place of the windows; 127.0.0.1 unless "
                            "HOST says otherwise")


def main(argv=None):
    args = parse_args(argv)
    from pipeline.detection.outputs.formats import STANDARD_OUTPUT
    from pipeline.detection.runs.plan import plan_jobs
    from pipeline.files.folder import Skips

    if args.detector:
        existing_file(args.detector, "YuNet file", "README says where it is to be had")
    if args.cascade:
        existing_file(args.cascade, "cascade file", "see haarcascade_frontalface_default.xml")
    existing_file(args.model, "model file", "train one, or see the checkpoints folder")
    refuse_flags_without_effect(args)
    if args.threads:
        limit_threads(args.threads)
    if args.csv == "-":
        args.csv = str(STANDARD_OUTPUT)
    skips = Skips()
    jobs = plan_jobs(
        camera=args.camera, videos=args.video, pictures=args.image, annotated=args.output,
        csv=args.csv, timeline=args.timeline, page=args.page, skips=skips,
        also_read=[args.model, args.detector or config.DETECTOR_PATH,
                   args.cascade or config.CASCADE_PATH])
    prepare_opencv()
    data_on_stdout = str(STANDARD_OUTPUT) in (args.output, args.csv, args.timeline)
    with (stop_requests("stopped; what is finished is complete") as stop,
          redirect_stdout(sys.stderr if data_on_stdout else sys.stdout)):
        return detect(args, jobs, stop, skips)


def refuse_flags_without_effect(args):
    """Raise UserError if a flag is given that changes nothing for this source or face detector."""
    from pipeline.detection.sources.framesource import is_address

    idle = {}
    if args.image:
        flags = ("every", "start", "end", "reconnect", "full_scan_every", "smoothing")
        idle |= dict.fromkeys(flags, "pictures")
    elif not args.video:
        idle |= dict.fromkeys(("start", "end", "reconnect"), "a camera")
    elif not any(map(is_address, args.video)):
        idle["reconnect"] = "files"
    if args.detector:
        idle["full_scan_every"] = "YuNet"
    defaults = parse_args([])
    for flag, what in idle.items():
        if getattr(args, flag) != getattr(defaults, flag):
            raise UserError(f"--{flag.replace('_', '-')} has no effect on {what}; leave it out")
    if args.skip_existing and not (
            args.video and (args.output or args.csv or args.timeline or args.page)):
        raise UserError("--skip-existing is for --video with --output, --csv, --timeline or --page")
    if args.end is not None and args.end <= args.start:
        raise UserError(f"--end {args.end:g} s is not after --start {args.start:g} s")


def face_detector(args):
    """Return what finds faces: YuNet if its file is given, or in its place, else the cascade."""
    from pipeline.detection.faces.facedetector import new_face_detector

    if not args.detector and not args.cascade and config.DETECTOR_PATH.is_file():
        args.detector = config.DETECTOR_PATH
    return new_face_detector(
        args.detector, args.cascade, config.CASCADE_PATH, pictures=args.image is not None,
        full_scan_every=args.full_scan_every, width=args.detection_width, min_face=args.min_face)


def display_of(args):
    """Return what makes the windows or the live page, or None."""
    if args.no_display:
        return None
    if args.serve:
        try:
            from pipeline.detection.outputs.livepage import LivePage
        except ModuleNotFoundError as error:
            raise UserError(f"{error.name} is not installed, which --serve needs; pip install -r "
                            "requirements-serve.txt") from error
        return partial(LivePage, *args.serve, token_urlsafe())
    from pipeline.detection.outputs.windows import Windows, require_display

    require_display()
    return Windows


def detect(args, jobs, stop, skips):
    """Run the jobs to the last frame, or until a stop is requested; return the exit status."""
    display = display_of(args)
    from pipeline.detection.faces.emotionanalyzer import EmotionAnalyzer
    from pipeline.detection.faces.emotionclassifier import EmotionClassifier
    from pipeline.detection.faces.facetracker import FaceTracker
    from pipeline.detection.runs.run import run_jobs
    from pipeline.detection.sources.framesource import Reading

    analyzer = EmotionAnalyzer(
        face_detector(args), EmotionClassifier(args.model, args.precision),
        FaceTracker(only_largest=args.faces == "largest"),
        smoothing=args.smoothing, least_confidence=args.least_confidence,
        frames_belong_together=args.image is None)
    return run_jobs(jobs, analyzer, stop, skips, skip_existing=args.skip_existing,
                    max_frames=args.max_frames, display=display,
                    reading=Reading(args.every, args.start, args.end, args.reconnect))


if __name__ == "__main__":
    run(main, requirements="requirements-detector.txt")
