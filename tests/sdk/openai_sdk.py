"""OpenAI's own SDK for Python, as it comes from its registry, against the local stack.

Told by the environment: REDRIVE_URL, REDRIVE_KEY, REDRIVE_OTHER_KEY (of another tenant), PROMPT.
Every function whose name begins with `check_` is a test; with arguments, only those named are run.
"""

import io
import json
import os
import sys
import time
import traceback
import urllib.request

import openai
from openai import OpenAI
from openai.types import Batch, FileObject
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

URL = os.environ["REDRIVE_URL"]
PROMPT = os.environ["PROMPT"]
CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
PATIENCE_SECONDS = 90


def client_of(key):
    return OpenAI(base_url=f"{URL}/v1", api_key=key, max_retries=0, timeout=60)


client = client_of(os.environ["REDRIVE_KEY"])
other = client_of(os.environ["REDRIVE_OTHER_KEY"])


def line(custom_id, model="sim-ok", url=CHAT, **parameters):
    """A line of an input file."""
    if url == RESPONSES:
        body = {"model": model, "input": PROMPT, **parameters}
    else:
        body = {"model": model, "messages": [{"role": "user", "content": PROMPT}], **parameters}
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


def text_of(lines):
    return "".join(json.dumps(one) + "\n" for one in lines).encode()


def upload(contents, name="requests.jsonl"):
    return client.files.create(file=(name, contents), purpose="batch")


def submit(contents, endpoint=CHAT, **parameters):
    """Uploads lines and makes their batch."""
    file = upload(contents)
    return client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **parameters
    )


def ended(batch):
    """The batch when it has ended, held against the SDK's own type at every look."""
    until = time.monotonic() + PATIENCE_SECONDS
    while batch.status not in ("completed", "failed", "expired", "cancelled"):
        assert time.monotonic() < until, f"it has not ended: {batch}"
        time.sleep(0.2)
        batch = client.batches.retrieve(batch.id)
        Batch.model_validate(batch.model_dump())
    return batch


def lines_of(file_id):
    """A file's lines by their `custom_id`."""
    lines = [json.loads(one) for one in client.files.content(file_id).text.splitlines()]
    assert len({one["custom_id"] for one in lines}) == len(lines), lines
    return {one["custom_id"]: one for one in lines}


def refused(kind, call):
    """The error of this kind that a call ends in."""
    try:
        answered = call()
    except kind as error:
        assert error.message and error.type, error.body
        assert set(error.body) == {"message", "type", "param", "code"}, error.body
        assert error.request_id.startswith("req_"), error.request_id
        return error
    raise AssertionError(f"it is not refused: {answered}")


def check_file_comes_back_as_it_was():
    contents = '{"a": 1}\r\n\n  {"grün": "✓"}\nno line end'.encode()
    file = upload(contents, "two words.jsonl")
    FileObject.model_validate(file.model_dump())
    assert (file.bytes, file.filename) == (len(contents), "two words.jsonl"), file
    assert (file.object, file.purpose, file.status) == ("file", "batch", "processed"), file
    assert abs(file.created_at - time.time()) < 60, file
    assert client.files.retrieve(file.id) == file
    assert client.files.wait_for_processing(file.id) == file
    assert client.files.content(file.id).read() == contents
    with client.files.with_streaming_response.content(file.id) as response:
        assert b"".join(response.iter_bytes(7)) == contents
    deleted = client.files.delete(file.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (file.id, True, "file"), deleted
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        refused(openai.NotFoundError, lambda: call(file.id))


def check_large_file_comes_back_as_it_was():
    contents = text_of([line(f"ask-{number}", pad="x" * 1000) for number in range(5000)])
    file = client.files.create(
        file=io.BytesIO(contents),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert file.bytes == len(contents), file
    assert file.expires_at - file.created_at == 3600, file
    assert client.files.content(file.id).read() == contents


def check_upload_says_what_is_wrong():
    wrong = refused(
        openai.BadRequestError, lambda: client.files.create(file=b"{}", purpose="fine-tune")
    )
    assert wrong.param == "purpose", wrong
    for seconds in (3599, 2592001):
        expiry = {"anchor": "created_at", "seconds": seconds}
        wrong = refused(
            openai.BadRequestError,
            lambda: client.files.create(file=b"{}", purpose="batch", expires_after=expiry),
        )
        assert wrong.param == "expires_after[seconds]", wrong
    refused(openai.BadRequestError, lambda: upload(b"\xff\xfe"))


def check_chat_batch_goes_its_whole_way():
    lines = [line(f"ask-{number}", temperature=0.5) for number in range(3)]
    lines.append(line("cut", max_completion_tokens=2, user="somebody", n=1))
    lines.append(line("bad", model="sim-400"))
    lines.append(line("dead", model="sim-401@python"))
    batch = submit(text_of(lines), metadata={"team": "a"})
    Batch.model_validate(batch.model_dump())
    assert (batch.object, batch.endpoint, batch.completion_window) == ("batch", CHAT, "24h"), batch
    assert batch.status == "validating" and batch.errors is None, batch
    assert batch.metadata == {"team": "a"} and batch.output_file_id is None, batch
    assert batch.expires_at - batch.created_at == 86400, batch
    batch = ended(batch)
    assert batch.status == "completed", batch
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (6, 4, 2), counts
    for moment in ("in_progress_at", "finalizing_at", "completed_at"):
        assert getattr(batch, moment) >= batch.created_at, (moment, batch)
    for moment in ("failed_at", "expired_at", "cancelling_at", "cancelled_at"):
        assert getattr(batch, moment) is None, (moment, batch)

    answers = lines_of(batch.output_file_id)
    assert set(answers) == {"ask-0", "ask-1", "ask-2", "cut"}, answers
    used = 0
    for answer in answers.values():
        assert answer["id"].startswith("batch_req_") and answer["error"] is None, answer
        assert answer["response"]["status_code"] == 200, answer
        completion = ChatCompletion.model_validate(answer["response"]["body"])
        assert completion.choices[0].message.content, completion
        used += completion.usage.total_tokens
        hold_as_ordinary_job(answer, batch, "succeeded")
    cut = ChatCompletion.model_validate(answers["cut"]["response"]["body"])
    assert cut.choices[0].finish_reason == "length", cut
    assert batch.usage.total_tokens == used > 0, batch.usage

    errors = lines_of(batch.error_file_id)
    assert set(errors) == {"bad", "dead"}, errors
    for name, status, state in (("bad", 400, "failed"), ("dead", 401, "dead_lettered")):
        assert errors[name]["error"] is None, errors
        assert errors[name]["response"]["status_code"] == status, errors
        error = errors[name]["response"]["body"]["error"]
        assert set(error) == {"message", "type", "param", "code"} and error["message"], error
        hold_as_ordinary_job(errors[name], batch, state)
    for file_id in (batch.output_file_id, batch.error_file_id):
        file = client.files.retrieve(file_id)
        assert file.purpose == "batch_output" and file.bytes > 0, file


def hold_as_ordinary_job(answer, batch, state):
    """The job of a line is found by the id that the line tells."""
    url = f"{URL}/api/v1/jobs/{answer['response']['request_id']}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {client.api_key}"})
    with urllib.request.urlopen(request) as response:
        job = json.load(response)
    assert (job["status"], job["kind"]) == (state, "generate"), job
    assert (job["batchId"], job["customId"]) == (batch.id, answer["custom_id"]), job


def check_responses_batch_goes_its_whole_way():
    lines = [
        line("plain", url=RESPONSES, instructions="Be brief."),
        line("cut", url=RESPONSES, max_output_tokens=16, metadata={"a": "b"}),
        line("object", url=RESPONSES, text={"format": {"type": "json_object"}}),
        line("listed", url=RESPONSES, input=[{"role": "user", "content": PROMPT}]),
    ]
    batch = ended(submit(text_of(lines), RESPONSES))
    assert batch.status == "completed" and batch.error_file_id is None, batch
    assert batch.request_counts.completed == 4, batch
    answers = lines_of(batch.output_file_id)
    for answer in answers.values():
        response = Response.model_validate(answer["response"]["body"])
        assert response.output_text and response.usage.total_tokens > 0, response
    assert answers["cut"]["response"]["body"]["metadata"] == {"a": "b"}, answers["cut"]
    json.loads(Response.model_validate(answers["object"]["response"]["body"]).output_text)


def check_cancelled_batch_keeps_what_was_done():
    lines = [line(f"ask-{number}", model="sim-slow-1500") for number in range(40)]
    batch = submit(text_of(lines))
    while batch.status == "validating":
        time.sleep(0.05)
        batch = client.batches.retrieve(batch.id)
    batch = client.batches.cancel(batch.id)
    assert batch.status == "cancelling" and batch.cancelling_at, batch
    assert client.batches.cancel(batch.id).status in ("cancelling", "cancelled")
    batch = ended(batch)
    assert batch.status == "cancelled" and batch.cancelled_at >= batch.cancelling_at, batch
    errors = lines_of(batch.error_file_id)
    never_ran = [one for one in errors.values() if one["response"] is None]
    assert never_ran, errors
    assert {one["error"]["code"] for one in never_ran} == {"batch_cancelled"}, errors
    answers = lines_of(batch.output_file_id) if batch.output_file_id else {}
    assert set(errors).isdisjoint(answers), (errors, answers)
    assert batch.request_counts.completed == len(answers), batch
    again = refused(openai.ConflictError, lambda: client.batches.cancel(batch.id))
    assert "cancelled" in again.message, again


def failed(contents, endpoint=CHAT):
    """Code, line and parameter of everything that a file has wrong."""
    batch = ended(submit(contents, endpoint))
    assert batch.status == "failed" and batch.failed_at, batch
    assert batch.output_file_id is None and batch.error_file_id is None, batch
    assert batch.request_counts.completed == batch.request_counts.failed == 0, batch
    assert batch.errors.object == "list", batch
    assert all(error.message for error in batch.errors.data), batch
    return [(error.code, error.line, error.param) for error in batch.errors.data]


def check_input_file_is_judged_before_anything_is_done():
    good, twice = line("a"), [line("a"), line("b"), line("a")]
    assert failed(text_of(twice)) == [("duplicate_custom_id", 3, "custom_id")]
    assert failed(b"") == [("empty_file", None, None)]
    assert failed(b"\n \n") == [("empty_file", None, None)]
    assert failed(text_of([good, line("b", url=RESPONSES)])) == [("url_mismatch", 2, "url")]
    assert failed(text_of([good]), RESPONSES) == [("url_mismatch", 1, "url")]
    assert failed(text_of([good]) + b"\n{not json}\n") == [("invalid_json_line", 3, None)]
    tools = [{"type": "function", "function": {"name": "f"}}]
    several = text_of([line("a", n=2), good | {"custom_id": "b"}, line("c", tools=tools)])
    assert failed(several) == [
        ("invalid_request", 1, "body.n"),
        ("invalid_request", 3, "body.tools"),
    ]


def check_batch_says_what_is_wrong():
    file = upload(text_of([line("a")]))
    right = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"}
    for name, value in (
        ("input_file_id", "file-none"),
        ("endpoint", "/v1/embeddings"),
        ("completion_window", "48h"),
        ("metadata", {"a": 1}),
        ("output_expires_after", {"anchor": "created_at", "seconds": 1}),
    ):
        wrong = refused(
            openai.BadRequestError, lambda: client.batches.create(**{**right, name: value})
        )
        assert wrong.param.startswith(name), wrong
    refused(openai.NotFoundError, lambda: client.batches.retrieve("batch_none"))
    refused(openai.NotFoundError, lambda: client.batches.cancel("batch_none"))
    refused(openai.NotFoundError, lambda: client.models.list())
    refused(openai.AuthenticationError, lambda: client_of("sk-wrong").files.list())


def check_lists_go_on_page_by_page():
    batches = [submit(text_of([line("a")])) for _ in range(5)]
    newest_first = [batch.id for batch in reversed(batches)]
    listed = [batch.id for batch in client.batches.list(limit=2)]
    assert listed[:5] == newest_first, (listed, newest_first)
    assert len(set(listed)) == len(listed), listed
    page = client.batches.list(limit=3)
    assert len(page.data) == 3 and page.has_more and page.has_next_page(), page
    rest = client.batches.list(limit=2, after=newest_first[2])
    assert [batch.id for batch in rest.data] == newest_first[3:5], rest

    files = [batch.input_file_id for batch in batches]
    listed = [file.id for file in client.files.list(limit=2, purpose="batch")]
    assert listed[:5] == files[::-1], (listed, files)
    oldest_first = [file.id for file in client.files.list(limit=2, purpose="batch", order="asc")]
    assert oldest_first[-5:] == files, (oldest_first, files)
    assert {file.purpose for file in client.files.list(purpose="batch_output")} <= {"batch_output"}


def check_output_expires_when_it_is_told_to():
    expiry = {"anchor": "created_at", "seconds": 7200}
    batch = ended(submit(text_of([line("a")]), output_expires_after=expiry))
    file = client.files.retrieve(batch.output_file_id)
    assert file.expires_at - file.created_at == 7200, file


def check_other_tenants_see_nothing():
    batch = ended(submit(text_of([line("a")])))
    for file_id in (batch.input_file_id, batch.output_file_id):
        for call in (other.files.retrieve, other.files.content, other.files.delete):
            refused(openai.NotFoundError, lambda: call(file_id))
        assert file_id not in [file.id for file in other.files.list()]
    for call in (other.batches.retrieve, other.batches.cancel):
        refused(openai.NotFoundError, lambda: call(batch.id))
    assert batch.id not in [one.id for one in other.batches.list()]
    wrong = refused(
        openai.BadRequestError,
        lambda: other.batches.create(
            input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h"
        ),
    )
    assert wrong.param == "input_file_id", wrong


def main(names):
    checks = {name: check for name, check in globals().items() if name.startswith("check_")}
    wrong = 0
    for name in names or checks:
        started = time.monotonic()
        try:
            checks[name]()
            print(f"ok {name} ({time.monotonic() - started:.1f} s)")
        except Exception:
            wrong += 1
            print(f"FAILED {name}\n{traceback.format_exc()}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
