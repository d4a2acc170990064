import pytest

from pipeline.errors import UserError
from pipeline.io.ferplus import NO_LABEL, read_ferplus

HEADER = ("Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,"
          "unknown,NF\n")
ROWS = """Training,a.png,9,0,0,0,0,1,0,0,0,0
PrivateTest,b.png,1,6,0,0,1,0,0,2,0,0
PrivateTest,c.png,0,0,0,0,2,7,0,1,0,0
PrivateTest,d.png,5,5,0,0,0,0,0,0,0,0
PrivateTest,,0,0,0,0,0,0,0,0,0,10
PrivateTest,f.png,1,0,0,0,1,0,8,0,0,0
"""
SIX = ("angry", "fear", "happy", "sad", "surprise", "neutral")
SEVEN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.fixture
def ferplus(tmp_path):
    path = tmp_path / "fer2013new.csv"
    path.write_text(HEADER + ROWS)
    return path


def test_the_majority_of_each_row_of_the_usage(ferplus):
    assert read_ferplus(ferplus, "PrivateTest", 5, SIX).tolist() == [2, 0, NO_LABEL, NO_LABEL, 1]
    assert read_ferplus(ferplus, "PrivateTest", 2, SEVEN).tolist() == [3, 1]


def test_too_few_rows(ferplus):
    with pytest.raises(UserError, match="has 5 rows of PrivateTest, the database 6 images"):
        read_ferplus(ferplus, "PrivateTest", 6, SIX)


def test_another_file(ferplus):
    ferplus.write_text("emotion,pixels,Usage\n")
    with pytest.raises(UserError, match="no column NF"):
        read_ferplus(ferplus, "PrivateTest", 1, SIX)
    ferplus.write_text(HEADER + "PrivateTest,a.png,many,0\n")
    with pytest.raises(UserError, match="line 2: a vote is no number"):
        read_ferplus(ferplus, "PrivateTest", 1, SIX)
    ferplus.write_text(HEADER + "PrivateTest," + "a" * 200_000 + "\n")
    with pytest.raises(UserError, match="not a table"):
        read_ferplus(ferplus, "PrivateTest", 1, SIX)
