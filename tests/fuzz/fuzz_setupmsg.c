/*
 * setupmsg: what either side accepts encodes again and decodes to the same; a request that is
 * accepted keeps its rules. First byte: request or event.
 */
#include "shared/core/setupmsg.h"

#include "shared/core/winpath.h"
#include "tests/fuzz/fuzz.h"

static void check_request(const char *json, size_t size)
{
    struct sbx_setup_request request;
    struct sbx_setup_request back;
    struct sbx_error err;
    struct sbx_buf frame;

    memset(&back, 0, sizeof(back));
    sbx_error_init(&err);
    sbx_buf_init(&frame, 2u * SBX_SETUP_REQUEST_MAX_BYTES);
    if (sbx_setup_request_decode(json, size, &request, &err) == SBX_OK) {
        FUZZ_CHECK(size <= SBX_SETUP_REQUEST_MAX_BYTES);
        FUZZ_CHECK((request.mode == SBX_SETUP_REPAIR_OWNER) == (request.path != NULL));
        FUZZ_CHECK(!request.path || sbx_winpath_classify(request.path) == SBX_WINPATH_DRIVE);
        FUZZ_CHECK(request.accounts <= SBX_INSTALLATION_KINDS_MAX);
        FUZZ_CHECK(request.proxy_first <= request.proxy_last);
        if (sbx_setup_request_encode(&request, &frame, &err) == SBX_OK) {
            FUZZ_CHECK(sbx_setup_request_decode(
                           frame.data + 4, frame.length_bytes - 4, &back, &err) == SBX_OK);
            FUZZ_CHECK(back.mode == request.mode && back.accounts == request.accounts);
            FUZZ_CHECK(!request.path || strcmp(back.path, request.path) == 0);
        }
    }
    sbx_setup_request_done(&request);
    sbx_setup_request_done(&back);
    sbx_buf_done(&frame);
}

static void check_event(const char *json, size_t size)
{
    struct sbx_setup_event event;
    struct sbx_setup_event back;
    struct sbx_error err;
    struct sbx_buf frame;
    size_t i;

    memset(&back, 0, sizeof(back));
    sbx_error_init(&err);
    sbx_buf_init(&frame, 2u * SBX_SETUP_EVENT_MAX_BYTES);
    if (sbx_setup_event_decode(json, size, &event, &err) == SBX_OK) {
        FUZZ_CHECK(event.notes.count <= SBX_SETUP_NOTES_MAX);
        for (i = 0; i < event.notes.count; i++)
            FUZZ_CHECK(!strpbrk(event.notes.items[i], "\n\r\x1b"));
        FUZZ_CHECK(!strpbrk(event.error.context, "\n\r\x1b"));
        if (sbx_setup_event_encode(&event, &frame, &err) == SBX_OK) {
            FUZZ_CHECK(sbx_setup_event_decode(
                           frame.data + 4, frame.length_bytes - 4, &back, &err) == SBX_OK);
            FUZZ_CHECK(back.kind == event.kind && back.ok == event.ok);
            FUZZ_CHECK(back.notes.count == event.notes.count);
        }
    }
    sbx_setup_event_done(&event);
    sbx_setup_event_done(&back);
    sbx_buf_done(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (data[0] == 'E')
        check_event((const char *)data + 1, size - 1);
    else
        check_request((const char *)data + 1, size - 1);
    return 0;
}
