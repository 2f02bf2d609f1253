/*
 * Messages between agent and runner: whatever arrives is refused or is a message that, encoded
 * again, decodes to the same bytes. The first byte chooses the decoder.
 */
#include "shared/core/message.h"

#include "tests/fuzz/fuzz.h"

/* Encode, decode, encode: both encodings are equal. */
static void check_request(const char *json, size_t length)
{
    struct sbx_request request, again;
    struct sbx_buf first, second;

    if (sbx_request_decode(json, length, &request, NULL))
        return;
    sbx_buf_init(&first, 3 * SBX_FRAME_MAX_BYTES);
    sbx_buf_init(&second, 3 * SBX_FRAME_MAX_BYTES);
    if (!sbx_request_encode(&request, &first, NULL)) { /* escapes may outgrow the cap */
        FUZZ_CHECK(!sbx_request_decode(first.data + 4, first.length_bytes - 4, &again, NULL));
        FUZZ_CHECK(!sbx_request_encode(&again, &second, NULL));
        FUZZ_CHECK(first.length_bytes == second.length_bytes &&
                   !memcmp(first.data, second.data, first.length_bytes));
        sbx_request_done(&again);
    }
    sbx_request_done(&request);
    sbx_buf_done(&first);
    sbx_buf_done(&second);
}

static void check_reply(const char *json, size_t length)
{
    struct sbx_reply reply, again;
    struct sbx_buf first, second;

    if (sbx_reply_decode(json, length, &reply, NULL))
        return;
    FUZZ_CHECK(!reply.confined || !reply.unproved.count);
    sbx_buf_init(&first, 3 * SBX_FRAME_MAX_BYTES);
    sbx_buf_init(&second, 3 * SBX_FRAME_MAX_BYTES);
    FUZZ_CHECK(!sbx_reply_encode(&reply, &first, NULL));
    FUZZ_CHECK(!sbx_reply_decode(first.data + 4, first.length_bytes - 4, &again, NULL));
    FUZZ_CHECK(!sbx_reply_encode(&again, &second, NULL));
    FUZZ_CHECK(first.length_bytes == second.length_bytes &&
               !memcmp(first.data, second.data, first.length_bytes));
    sbx_reply_done(&reply);
    sbx_reply_done(&again);
    sbx_buf_done(&first);
    sbx_buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum sbx_control control;
    struct sbx_tty_size tty;
    uint32_t length;
    const char *json = (const char *)data + 1;

    if (size < 1)
        return 0;
    switch (data[0] % 4) {
    case 0:
        check_request(json, size - 1);
        break;
    case 1:
        check_reply(json, size - 1);
        break;
    case 2:
        if (!sbx_control_decode(json, size - 1, &control, &tty, NULL))
            FUZZ_CHECK(control == SBX_CONTROL_CANCEL || control == SBX_CONTROL_KILL ||
                       (control == SBX_CONTROL_RESIZE && tty.columns && tty.rows));
        break;
    case 3:
        if (size >= 5 && !sbx_frame_length(data + 1, &length, NULL))
            FUZZ_CHECK(length >= 1 && length <= SBX_FRAME_MAX_BYTES);
        break;
    }
    return 0;
}
