"""What a page of a stored history leaves out of its first blob, however the texts around it look."""

from typing import Any

import orjson
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from executions import history_pages
from executions.domain import written
from executions.history_pages import CUT_ABOVE, HEAD

# Texts that look like what stands between events, and like the mark of a cut.
bits = st.sampled_from(["x", '"', "\\", '},{"', '"},{"EventType":"', '"$cut"', "é", "$", "{}", "\x00"])
texts = st.builds(lambda text, times: (text * times)[: CUT_ABOVE + 50], bits, st.integers(0, CUT_ABOVE + 50))
payloads = st.one_of(texts, st.fixed_dictionaries({"$cut": st.integers(0, 9), "head": st.text(max_size=3)}))


def event(number: int, payload: Any) -> dict[str, Any]:
    details = {"Result": {"Payload": payload, "Truncated": False}}
    return {"EventType": "StepSucceeded", "EventId": number, "StepSucceededDetails": details}


@example(given=["x", "x" * (CUT_ABOVE + 1), "x", "x"], as_it_came=True)
@example(given=["x", '},{"' * CUT_ABOVE, "x", "x"], as_it_came=False)
@given(given=st.lists(payloads, max_size=8), as_it_came=st.booleans())
def test_a_page_comes_back_as_it_was_and_holds_no_long_text_itself(given: list[Any], as_it_came: bool) -> None:
    events = [event(number, payload) for number, payload in enumerate(given, 1)]
    answer = orjson.dumps({"Events": events, "NextMarker": "m"}) if as_it_came else b""
    body, cut = history_pages.pack(written.of(events), answer)
    assert history_pages.decode(body, cut or None) == events
    assert [event.whole() for event in history_pages.read(body, cut or None)] == events
    held = orjson.loads(zstandard.ZstdDecompressor().decompress(body))
    for payload, stored in zip(given, held["Events"], strict=True):
        kept = stored["StepSucceededDetails"]["Result"]["Payload"]
        if isinstance(payload, dict) or len(payload) > CUT_ABOVE:
            assert set(kept) == {"$cut", "head"} and len(kept["head"]) <= HEAD
        else:
            assert kept == payload


def test_a_page_of_an_older_version_which_is_a_list_is_read_with_and_without_what_was_cut() -> None:
    cut = event(2, {"$cut": 5000, "head": "begins"})
    body, payloads = (
        zstandard.compress(orjson.dumps(told))
        for told in ([event(1, "x"), cut], {"2/StepSucceededDetails/Result/Payload": "whole"})
    )
    assert history_pages.decode(body, payloads) == [event(1, "x"), event(2, "whole")]
    assert [one.whole() for one in history_pages.read(body, payloads)] == [event(1, "x"), event(2, "whole")]
    assert [one.whole() for one in history_pages.read(body)] == [event(1, "x"), event(2, "begins")]


def test_numbers_that_are_too_large_for_any_column_are_kept_beside_long_texts() -> None:
    long, number = "x" * (CUT_ABOVE + 1), "9" * 5000
    details = f'{{"N":{number},"R":{{"Payload":"{long}"}}}}'
    answer = f'{{"Events":[{{"EventId":1,"X":1e400}},{{"EventId":2,"XDetails":{details}}}]}}'
    events, _ = written.read(answer.encode())
    first, second = history_pages.read(*history_pages.pack(events, answer.encode()))
    assert first.is_told_like(events[0]) and second.is_told_like(events[1])
    assert first.whole()["X"] == second.whole()["XDetails"]["N"] == 1.7976931348623157e308
