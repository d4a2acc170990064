"""By how much the probabilities of networks change on PublicTest if their arrays are float16.

    python -m benchmarks.float16 checkpoints/27/best.hdf5
"""

import sys
from pathlib import Path

import numpy as np

from config import emotion_config as config
from pipeline.quietimports import import_keras


def main():
    import_keras()
    from pipeline.evaluation.testtimeaugmentation import predict
    from pipeline.io import checkpoint
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    for path in map(Path, sys.argv[1:]):
        model, record = checkpoint.load(path)
        with HDF5DatasetGenerator(config.HDF5_PATH / "val.hdf5", config.BATCH_SIZE,
                                  preprocessor=ImageToArrayPreprocessor()) as dataset:
            before = predict(model, dataset)
            model.set_weights([array.astype(np.float16) for array in model.get_weights()])
            change = np.abs(predict(model, dataset) - before)
        print(f"network {record['experiment']}: of {len(change):,} images no probability changes "
              f"by more than {change.max():.4f}")


if __name__ == "__main__":
    main()
