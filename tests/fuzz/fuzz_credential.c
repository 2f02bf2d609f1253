/*
 * credential: whatever the file holds, it is refused or it is a list whose written form reads back
 * as the same list; and what a blob decodes to is written the same way again.
 */
#include "shared/core/credential.h"

#include "shared/core/base64.h"
#include "tests/fuzz/fuzz.h"

static void check_base64(const uint8_t *data, size_t size)
{
    struct sbx_buf bytes;
    struct sbx_buf text;
    struct sbx_error err;

    sbx_error_init(&err);
    sbx_buf_init(&bytes, 1u << 20);
    sbx_buf_init(&text, 2u << 20);
    if (sbx_base64_decode((const char *)data, size, &bytes, &err) == SBX_OK) {
        FUZZ_CHECK(sbx_base64_encode(bytes.data, bytes.length_bytes, &text, &err) == SBX_OK);
        FUZZ_CHECK(text.length_bytes == size);
        FUZZ_CHECK(!size || memcmp(text.data, data, size) == 0);
    }
    sbx_buf_done(&text);
    sbx_buf_done(&bytes);
}

static void check_list(const struct sbx_credentials *list)
{
    struct sbx_credentials back;
    struct sbx_error err;
    struct sbx_buf text;
    size_t i;

    memset(&back, 0, sizeof(back));
    sbx_error_init(&err);
    sbx_buf_init(&text, 2u * SBX_CREDENTIAL_FILE_MAX_BYTES);
    FUZZ_CHECK(list->count <= SBX_CREDENTIALS_MAX);
    FUZZ_CHECK(sbx_credentials_format(list, &text, &err) == SBX_OK);
    FUZZ_CHECK(sbx_credentials_parse(text.data, text.length_bytes, &back, &err) == SBX_OK);
    FUZZ_CHECK(back.count == list->count);
    for (i = 0; i < list->count; i++) {
        const struct sbx_credential *item = &list->items[i];

        FUZZ_CHECK(strcmp(back.items[i].name, item->name) == 0);
        FUZZ_CHECK(strcmp(back.items[i].sid, item->sid) == 0);
        FUZZ_CHECK(item->blob_bytes > 0 && back.items[i].blob_bytes == item->blob_bytes);
        FUZZ_CHECK(memcmp(back.items[i].blob, item->blob, item->blob_bytes) == 0);
        FUZZ_CHECK(sbx_credentials_find(list, item->name) == item);
    }
    sbx_credentials_done(&back);
    sbx_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sbx_credentials list;
    struct sbx_error err;

    memset(&list, 0, sizeof(list));
    sbx_error_init(&err);
    check_base64(data, size);
    if (sbx_credentials_parse((const char *)data, size, &list, &err) == SBX_OK)
        check_list(&list);
    else
        FUZZ_CHECK(list.count == 0 && list.items == NULL);
    sbx_credentials_done(&list);
    return 0;
}
