/*
 * json: what the scanner admits, cJSON builds; what is read, can be written, compact and indented,
 * and reads back as the same tree; errors are one printable line.
 */
#include "shared/core/json.h"
#include "shared/core/jsonwrite.h"

#include "shared/core/utf.h"
#include "tests/fuzz/fuzz.h"

static void write_value(struct sbx_json_writer *w, const struct sbx_json_at *value);

static void write_children(struct sbx_json_writer *w, const struct sbx_json_at *value)
{
    struct sbx_json_at child = {NULL, 0, ""};
    size_t count = 0;

    while (sbx_json_next(value, &child)) {
        if (sbx_json_name(&child)) {
            FUZZ_CHECK(sbx_json_has(value, sbx_json_name(&child)));
            sbx_json_key(w, sbx_json_name(&child));
        }
        write_value(w, &child);
        count++;
    }
    FUZZ_CHECK(count == sbx_json_count(value));
}

/* Numbers that are no integers become null: the writer has none. */
static void write_value(struct sbx_json_writer *w, const struct sbx_json_at *value)
{
    const char *text = NULL;
    int64_t number = 0;

    FUZZ_CHECK(sbx_utf_is_valid(value->path, strlen(value->path)));
    switch (sbx_json_type(value)) {
    case SBX_JSON_OBJECT:
        sbx_json_begin_object(w);
        write_children(w, value);
        sbx_json_end_object(w);
        break;
    case SBX_JSON_ARRAY:
        sbx_json_begin_array(w);
        write_children(w, value);
        sbx_json_end_array(w);
        break;
    case SBX_JSON_STRING:
        FUZZ_CHECK(sbx_json_as_string(value, SIZE_MAX, &text, NULL) == SBX_OK);
        sbx_json_string(w, text);
        break;
    case SBX_JSON_NUMBER:
        if (sbx_json_as_int(value, INT64_MIN, INT64_MAX, &number, NULL) == SBX_OK)
            sbx_json_int64(w, number);
        else
            sbx_json_null(w);
        break;
    case SBX_JSON_BOOL:
        sbx_json_bool(w, true);
        break;
    default:
        sbx_json_null(w);
        break;
    }
}

static void write_tree(const struct cJSON *tree, bool indented, struct sbx_buf *buf)
{
    struct sbx_json_at root = {tree, 0, ""};
    struct sbx_json_writer w;
    struct sbx_error err;

    sbx_buf_init(buf, 64u << 20);
    sbx_json_writer_begin(&w, buf, indented);
    write_value(&w, &root);
    FUZZ_CHECK(sbx_json_writer_end(&w, &err) == SBX_OK);
}

/* text -> tree -> text must be the text again, once it was written by us. */
static void check_reread(const struct sbx_buf *text, const struct sbx_buf *want_compact)
{
    const struct sbx_json_limits limits = {64u << 20, SBX_JSON_DEPTH_LIMIT};
    struct cJSON *tree = NULL;
    struct sbx_error err;
    struct sbx_buf again;

    FUZZ_CHECK(sbx_json_parse(text->data, text->length_bytes, &limits, &tree, &err) == SBX_OK);
    write_tree(tree, false, &again);
    FUZZ_CHECK(again.length_bytes == want_compact->length_bytes);
    FUZZ_CHECK(memcmp(again.data, want_compact->data, again.length_bytes) == 0);
    sbx_buf_done(&again);
    sbx_json_free(tree);
}

static void check_readers(const struct cJSON *tree)
{
    static const char *const keys[] = {"filesystem", "allowWrite", "mode", "limits", ""};
    struct sbx_json_at root, sub;
    const char **list = NULL, *text = NULL;
    size_t count = 0, word = 0;
    struct sbx_error err;
    int64_t number;
    bool flag;

    sbx_error_init(&err);
    if (sbx_json_root_object(tree, &root, &err) == SBX_OK) {
        if (sbx_json_known_keys(&root, keys, countof(keys), &err) == SBX_OK)
            FUZZ_CHECK(sbx_json_count(&root) <= countof(keys));
        (void)(sbx_json_get_string(&root, "mode", 8, &text, &err) == SBX_OK);
        (void)(sbx_json_get_int(&root, "limits", -5, 5, &number, &err) == SBX_OK);
        (void)(sbx_json_get_bool(&root, "", &flag, &err) == SBX_OK);
        (void)(sbx_json_get_enum(&root, "mode", keys, countof(keys), &word, &err) == SBX_OK);
        if (sbx_json_get_object(&root, "filesystem", &sub, &err) == SBX_OK && sub.item)
            (void)(sbx_json_get_string_list(&sub, "allowWrite", 9, 9, &list, &count, &err) ==
                   SBX_OK);
    }
    FUZZ_CHECK(sbx_utf_is_valid(err.context, strlen(err.context)));
    free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct sbx_buf compact, indented;
    struct cJSON *tree = NULL;
    struct sbx_error err;
    enum sbx_status status = sbx_json_parse(text, size, NULL, &tree, &err), scan;
    size_t i;

    scan = sbx_json_scan(text, size, SBX_JSON_DEFAULT_MAX_DEPTH, NULL);
    FUZZ_CHECK(status == SBX_OK || status == SBX_INVALID);
    if (status) {
        FUZZ_CHECK(!tree && err.status == SBX_INVALID);
        FUZZ_CHECK(sbx_utf_is_valid(err.context, strlen(err.context)));
        for (i = 0; err.context[i]; i++)
            FUZZ_CHECK((unsigned char)err.context[i] >= 0x20);
        return 0;
    }
    FUZZ_CHECK(scan == SBX_OK);
    check_readers(tree);
    write_tree(tree, false, &compact);
    write_tree(tree, true, &indented);
    check_reread(&compact, &compact);
    check_reread(&indented, &compact);
    sbx_buf_done(&compact);
    sbx_buf_done(&indented);
    sbx_json_free(tree);
    return 0;
}
