/* Parse and check a whole document. See json.h; the grammar is in jsonscan.c. */
#include "json.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "buf.h"
#include "utf.h"

/* Where the walk is, as a chain on the stack; the path is written only for an error. */
struct place {
    const struct place *parent;
    const cJSON *item;
    size_t index;
};

static void append_path(const struct place *place, char *text, size_t size_bytes)
{
    char part[SBX_JSON_PATH_MAX], all[SBX_JSON_PATH_MAX * 2];
    size_t used, n;

    if (!place->parent)
        return;
    append_path(place->parent, text, size_bytes);
    used = strlen(text);
    if (place->item->string) {
        sbx_utf_printable(place->item->string, strlen(place->item->string), part, sizeof(part));
        n = (size_t)snprintf(all, sizeof(all), "%s%s", used ? "." : "", part);
    } else {
        n = (size_t)snprintf(all, sizeof(all), "[%zu]", place->index);
    }
    if (used + n + 1 > size_bytes)
        return; /* the outer part says enough */
    memcpy(text + used, all, n + 1);
}

/* Bottom-up merge sort: n log n for any input, which qsort of msvcrt does not promise. */
static void sort_keys(const char **keys, const char **spare, size_t count)
{
    const char **from = keys, **to = spare, **swap;
    size_t width, start, i, left, right, middle, end;

    for (width = 1; width < count; width *= 2) {
        for (start = 0; start < count; start += 2 * width) {
            middle = start + width < count ? start + width : count;
            end = start + 2 * width < count ? start + 2 * width : count;
            left = start;
            right = middle;
            for (i = start; i < end; i++) {
                bool take_left =
                    right >= end || (left < middle && strcmp(from[left], from[right]) <= 0);

                to[i] = take_left ? from[left++] : from[right++];
            }
        }
        swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof(*keys));
}

static const char *find_duplicate(const char **keys, const char **spare, size_t count)
{
    size_t i;

    sort_keys(keys, spare, count);
    for (i = 1; i < count; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            return keys[i];
    return NULL;
}

static enum sbx_status fail_duplicate(
    const struct place *place, const char *key, struct sbx_error *err)
{
    char path[SBX_JSON_PATH_MAX] = "", name[SBX_JSON_PATH_MAX];

    append_path(place, path, sizeof(path));
    sbx_utf_printable(key, strlen(key), name, sizeof(name));
    return sbx_fail(err, SBX_INVALID, "key '%s%s%s' appears twice", path, path[0] ? "." : "", name);
}

/*
 * Keys are compared after unescaping: "a" and "\u0061" are the same key to every reader. Which of
 * two values counts differs between readers, so a policy with both could be shown as one thing
 * and enforced as another.
 */
static enum sbx_status check_keys(const struct place *place, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const char **keys = NULL, *key;
    const cJSON *child;
    size_t count = 0, i = 0;

    for (child = place->item->child; child; child = child->next)
        count++;
    if (count < 2)
        return SBX_OK;
    status = sbx_calloc(count, 2 * sizeof(*keys), &keys, err);
    if (status)
        return status;
    for (child = place->item->child; child; child = child->next)
        keys[i++] = child->string;
    key = find_duplicate(keys, keys + count, count);
    if (key)
        status = fail_duplicate(place, key, err);
    free(keys);
    return status;
}

/* Recursion is bounded by the depth that the scanner allowed. */
static enum sbx_status check_tree(const struct place *place, struct sbx_error *err)
{
    struct place child = {place, place->item->child, 0};
    enum sbx_status status = SBX_OK;
    char path[SBX_JSON_PATH_MAX] = "";

    if (cJSON_IsNumber(place->item)) {
        double value = place->item->valuedouble;

        if (value - value == 0.0) /* false for infinity and NaN */
            return SBX_OK;
        append_path(place, path, sizeof(path));
        return sbx_fail(err, SBX_INVALID, "number '%s' is out of range", path);
    }
    if (cJSON_IsObject(place->item))
        status = check_keys(place, err);
    for (; child.item && !status; child.item = child.item->next, child.index++)
        status = check_tree(&child, err);
    return status;
}

enum sbx_status sbx_json_parse(const char *text, size_t length_bytes,
    const struct sbx_json_limits *limits, struct cJSON **ret_root, struct sbx_error *err)
{
    size_t max_bytes = limits && limits->max_bytes ? limits->max_bytes : SBX_JSON_DEFAULT_MAX_BYTES;
    size_t max_depth = limits && limits->max_depth ? limits->max_depth : SBX_JSON_DEFAULT_MAX_DEPTH;
    struct place root = {NULL, NULL, 0};
    enum sbx_status status;
    cJSON *tree = NULL;

    if (length_bytes > max_bytes)
        return sbx_fail(err, SBX_INVALID, "%zu bytes of JSON, at most %zu are accepted",
            length_bytes, max_bytes);
    status = sbx_json_scan(text, length_bytes, max_depth, err);
    if (status)
        return status;
    /* The scanner has accepted every byte, so memory is the only reason left to fail. */
    tree = cJSON_ParseWithLengthOpts(text, length_bytes, NULL, 0);
    if (!tree)
        return sbx_fail_oom(err);
    root.item = tree;
    status = check_tree(&root, err);
    if (status) {
        cJSON_Delete(tree);
        return status;
    }
    *ret_root = tree;
    return SBX_OK;
}

void sbx_json_free(struct cJSON *root)
{
    cJSON_Delete(root);
}
