"""The figures of docs/datasets.md are those of the recorded evaluations."""

import json

from tests.docs.records import RESULTS, document, rows

TEXT, _ = document("docs/datasets.md")


def test_the_table_of_fine_tuning_is_what_was_recorded():
    found = [row for row in rows(TEXT) if row[0].replace(",", "").isdigit()]
    assert found
    for pictures, *figures in found:
        names = (f"{way}_{pictures.replace(',', '')}.json" for way in ("fine-tune", "6"))
        results = [json.loads((RESULTS / "fine-tuning" / name).read_text()) for name in names]
        assert figures == [f"{result['accuracy']:.1%}" for result in results]
        assert {result["images"] for result in results} == {1855}
