"""Paths and constants that the four scripts share.

Every path is anchored at the repository, so the scripts run from any folder.
"""

from pathlib import Path

BASE_PATH = Path(__file__).resolve().parent.parent

# Kaggle's file, and the three databases that build_dataset.py makes from it.
DATASET_PATH = BASE_PATH / "datasets" / "fer2013"
CSV_PATH = DATASET_PATH / "fer2013.csv"
HDF5_PATH = DATASET_PATH / "hdf5"

CHECKPOINTS_PATH = BASE_PATH / "checkpoints"
MODEL_PATH = CHECKPOINTS_PATH / "model.hdf5"  # by FER2013's labels, the benchmark's
DETECTOR_MODEL_PATH = CHECKPOINTS_PATH / "ferplus.hdf5"  # by those that people agree with
OUTPUT_PATH = BASE_PATH / "output"
CASCADE_PATH = BASE_PATH / "haarcascade_frontalface_default.xml"

# OpenCV Zoo's YuNet under the Zoo's own name, the newest by its year; used where it is there.
# A Git LFS pointer, which a clone may have in its place, is some hundred bytes of text.
DETECTOR_PATH = max((path for path in CHECKPOINTS_PATH.glob(
                         "face_detection_yunet_20[0-9][0-9]???.onnx")
                     if path.stat().st_size > 1000), default=None)

# Faces are IMAGE_SIZE x IMAGE_SIZE pixels with one gray channel.
IMAGE_SIZE = 48
IMAGE_DEPTH = 1

# Classes by their number. FER2013's labels 0-6 are the seven in this order; with six disgust (547
# of 35,887 rows) counts as angry, as in the original system. The eighth is FER+'s alone.
CLASS_NAMES = {
    6: ("angry", "fear", "happy", "sad", "surprise", "neutral"),
    7: ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
    8: ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt"),
}
DEFAULT_CLASSES = 6

# A class -> the one that it counts as where a set of classes lacks it.
COUNTS_AS = {"disgust": "angry"}

# Other words for the emotions, in names of folders and in CSV files, in small letters.
EMOTION_WORDS = {
    "anger": "angry", "disgusted": "disgust", "afraid": "fear", "fearful": "fear",
    "scared": "fear", "happiness": "happy", "joy": "happy", "sadness": "sad",
    "surprised": "surprise", "suprise": "surprise", "calm": "neutral", "neutrality": "neutral",
    "contemptuous": "contempt",
    **{name: name for name in CLASS_NAMES[8]},
}

# The Usage column -> the split it makes, the field's convention: choose on PublicTest,
# report PrivateTest. (The original system used the two the other way round.)
SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
USAGES = {split: usage for usage, split in SPLITS.items()}

# What other CSV files call them, and folders, in capital or small letters.
OTHER_USAGES = {"Validation": "val", "Test": "test", "Train": "train", "Val": "val",
                "Valid": "val", "Testing": "test"}
SPLIT_FOLDERS = {usage.lower(): split for usage, split in (SPLITS | OTHER_USAGES).items()}

DRAWN_SHARE = 0.1  # of the training images, for a split that is not given
BATCH_SIZE = 128
CHECKPOINT_EVERY = 5  # epochs
SEED = 42
