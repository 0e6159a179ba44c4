#!/usr/bin/env python3
"""Checks an EVTX log with parsers that share no code with coldsweep.

    check_evtx_writer.py LOG EXPECTED

EXPECTED has one JSON array a line, in the order of the log's records: the EventRecordID, then the
values that must stand in the record's text. The parsers are python-evtx and libevtx-python (both
on PyPI); those that are not installed are passed over. Exit status: 0 all agree, 1 one does not,
77 none is installed.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree


def with_python_evtx(path):
    """Checks every checksum, and yields each record's XML."""
    import Evtx.Evtx as evtx

    with evtx.Evtx(path) as log:
        header = log.get_file_header()
        assert header.verify(), "the header of the file"
        assert not header.is_dirty() and not header.is_full()
        for chunk in log.chunks():
            assert chunk.calculate_header_checksum() == chunk.header_checksum(), "chunk header"
            assert chunk.calculate_data_checksum() == chunk.data_checksum(), "chunk data"
            assert chunk.verify(), "the chunk"
            # The chains of the tables lead to what the records refer to.
            chunk.strings(), chunk.templates()
            for record in chunk.records():
                assert record.verify(), f"record {record.record_num()}"
                yield record.xml()


def with_libevtx(path):
    """Yields each record's XML, of a log that must not be corrupt."""
    import pyevtx

    log = pyevtx.file()
    log.open(path)
    assert not log.is_corrupted(), "the log is corrupt"
    assert log.get_number_of_recovered_records() == 0
    for index in range(log.get_number_of_records()):
        yield log.get_record(index).get_xml_string()
    log.close()


def texts(xml):
    """Every text and attribute of a record, as decoded XML."""
    for element in ElementTree.fromstring(xml).iter():
        yield element.text or ""
        yield from element.attrib.values()


def check(name, records, expected):
    count = 0
    for record, (record_id, *values) in zip(records, expected, strict=True):
        found = list(texts(record))
        for value in [str(record_id), *values]:
            # A parser may trim, and may join an array's items.
            if not any(value.strip() in text for text in found):
                sys.exit(f"{name}: record {record_id} lacks {value!r}:\n{record}")
        count += 1
    print(f"{name}: {count} records agree")


def main():
    _, path, expected_path = sys.argv
    with open(expected_path, encoding="utf-8") as lines:
        expected = [json.loads(line) for line in lines]
    parsers = 0
    for name, parser in [("python-evtx", with_python_evtx), ("libevtx", with_libevtx)]:
        try:
            records = parser(path)
            first = next(records)
        except ModuleNotFoundError:
            print(f"{name} is not installed")
            continue
        check(name, (record for part in ([first], records) for record in part), expected)
        parsers += 1
    return 0 if parsers else 77


if __name__ == "__main__":
    sys.exit(main())
