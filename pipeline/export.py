"""Write a network for other programs, as .onnx or as .tflite for small devices, or for use here.

    python -m pipeline.export --output emotion.onnx
    python -m pipeline.export --output emotion.tflite
    python -m pipeline.export --model checkpoints/model.hdf5 --output half_the_size.hdf5

The .onnx file is what the detector runs, and says in its metadata which classes its outputs are
and how a face becomes its input; .tflite comes from Keras's own exporter; .hdf5 is a model file
without what only training needs, in float16. What is written is run on a hundred faces of the
sample, beside Keras: a line says by how much the probabilities differ.
"""

import zipfile

from pipeline import CASCADE, MODEL, ROOT
from pipeline.commandline import existing_file, new_parser, path
from pipeline.errors import UserError
from pipeline.files.places import require_apart
from pipeline.process.ending import run
from pipeline.process.imports import import_keras, prepare_opencv
from pipeline.process.terminal import printable, quiet_stderr

SAMPLE = ROOT / "samples" / "faces.mp4"
FACES = 100

SUFFIXES = (".onnx", ".tflite", ".hdf5")

# Of a probability: rounding, of arrays alone in float16; in int8 what its levels leave out.
LARGEST_DIFFERENCE = {"float32": 1e-4, "float16": 2e-3, "int8": 0.2}


def parse_args(argv=None):
    parser = new_parser(__doc__)
    what = parser.add_argument_group("what is exported")
    what.add_argument("--model", type=path, default=MODEL, metavar="FILE",
                      help=f"trained network (default: {MODEL.relative_to(ROOT).as_posix()})")
    what.add_argument("--output", type=path, required=True, metavar="FILE",
                      help="file to write, .onnx, .tflite or .hdf5")
    what.add_argument("--precision", choices=("float32", "int8"),
                      help="of an .onnx file's numbers (default: float32)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    existing_file(args.model, "model file", "train one, or see checkpoints/model.hdf5")
    if args.output.suffix not in SUFFIXES:
        raise UserError(f"{args.output}: expected a name that ends in " + ", ".join(SUFFIXES))
    if args.output.suffix != ".onnx" and args.precision:
        raise UserError(f"--precision {args.precision} is for .onnx files; leave it out")
    require_apart([args.model, SAMPLE, CASCADE], [args.output])
    prepare_opencv()
    import_keras()
    precision = "float16" if args.output.suffix == ".hdf5" else args.precision or "float32"
    difference = export(args.model, args.output, precision)
    print(f"written: {printable(args.output)}; on {FACES} faces its probabilities differ from "
          f"Keras's by {difference:.1g} at most")


def export(model_path, output, precision):
    """Write the file, whole or not at all; return the largest difference from Keras.

    Raises UserError if that is larger than the precision explains.
    """
    from pipeline.files.wholefile import whole_file
    from pipeline.io import checkpoint
    from pipeline.nn.runtimenetwork import RuntimeNetwork

    model, record = checkpoint.load(model_path)
    faces = faces_of_sample(*model.input_shape[1:])
    with whole_file(output) as partial:
        if output.suffix == ".onnx":
            written = checkpoint.read_onnx(model_path, precision)[0]
            partial.write_bytes(written.SerializeToString())
            found = RuntimeNetwork(partial.read_bytes()).predict_on_batch(faces)
        elif output.suffix == ".hdf5":
            checkpoint.save(model, partial, {**record, "arrays": precision},
                            include_optimizer=False)
            found = checkpoint.load(partial)[0].predict_on_batch(faces)
        else:
            found = write_tflite(model, partial, record["class_names"], faces)
        difference = float(abs(found - model.predict_on_batch(faces)).max())
        if not difference <= LARGEST_DIFFERENCE[precision]:
            raise UserError(f"{output}: not written: its probabilities differ from Keras's by "
                            f"{difference:.1g}")
    return difference


def write_tflite(model, path, class_names, faces):
    """Write a .tflite file; return the probabilities (N, classes) that it gives for faces.

    A ZIP archive at its end has the classes as labels.txt, as TensorFlow Lite expects them.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise UserError(".tflite files need TensorFlow, found KERAS_BACKEND="
                        f"{keras.backend.backend()}")
    import tensorflow as tf

    with quiet_stderr():
        model.export(path, format="litert", verbose=False)
        network = tf.lite.Interpreter(str(path)).get_signature_runner()
        (images,) = network.get_input_details()
        (probabilities,) = network(**{images: faces}).values()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "\n".join(class_names))
    return probabilities


def faces_of_sample(height, width, depth):
    """Return the first faces of the sample, (FACES, height, width, depth) float32 in 0-1."""
    import numpy as np

    from pipeline.detection.faces.emotionclassifier import crop
    from pipeline.detection.faces.facedetector import FaceDetector
    from pipeline.detection.sources.videoreader import VideoReader
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    detector, faces = FaceDetector(CASCADE), []
    for frame in VideoReader(f"file:{SAMPLE}", SAMPLE.name, network=False):
        faces += [crop(frame.gray, box, (width, height)) for box in detector.detect(frame.gray)]
        if len(faces) >= FACES:
            break
    faces = ImageToArrayPreprocessor().preprocess(np.stack(faces[:FACES]))
    return np.repeat(faces, depth, axis=-1)


if __name__ == "__main__":
    run(main)
