"""Runs an ONNX model."""

import onnxruntime

from pipeline.process.imports import available_cores

onnxruntime.set_default_logger_severity(3)  # errors; it warns of processors that it does not know

MOST_THREADS = 4  # more cost more in synchronization than they save


class RuntimeNetwork:
    """An onnx.ModelProto, or its bytes, on ONNX Runtime.

    threads: that compute a batch; by default one for each core that this process may use, up to
    MOST_THREADS. They sleep while they wait, so that they take no core from the face detector.
    """

    def __init__(self, model, threads=None):
        content = model if isinstance(model, bytes) else model.SerializeToString()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(available_cores(), MOST_THREADS)
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"])

    def predict_on_batch(self, images):
        """Return (N, classes) float32 for images (N, height, width, depth) float32."""
        return self.outputs(images, ["probabilities"])[0]

    def outputs(self, images, names):
        """Return the arrays of some of the model's outputs."""
        return self._session.run(names, {"images": images})
