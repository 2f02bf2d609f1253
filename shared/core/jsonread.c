/* Readers over a parsed document. See json.h. */
#include "json.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "buf.h"
#include "utf.h"

#define NEAREST_MAX_BYTES 64u
#define NEAREST_MAX_DISTANCE 3u

enum sbx_json_type sbx_json_type(const struct sbx_json_at *at)
{
    if (cJSON_IsObject(at->item))
        return SBX_JSON_OBJECT;
    if (cJSON_IsArray(at->item))
        return SBX_JSON_ARRAY;
    if (cJSON_IsString(at->item))
        return SBX_JSON_STRING;
    if (cJSON_IsNumber(at->item))
        return SBX_JSON_NUMBER;
    if (cJSON_IsBool(at->item))
        return SBX_JSON_BOOL;
    return SBX_JSON_NULL;
}

static const char *type_words(const struct sbx_json_at *at)
{
    static const char *const words[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object"};

    return words[sbx_json_type(at)];
}

static const char *path_words(const struct sbx_json_at *at)
{
    return at->path[0] ? at->path : "(root)";
}

static enum sbx_status fail_type(
    const struct sbx_json_at *at, const char *wanted, struct sbx_error *err)
{
    return sbx_fail(
        err, SBX_INVALID, "'%s' must be %s, not %s", path_words(at), wanted, type_words(at));
}

/* parent.path + "." + key, or + "[index]", into ret->path; cut between characters. */
static void name_child(const struct sbx_json_at *parent, const char *key, struct sbx_json_at *ret)
{
    char part[SBX_JSON_PATH_MAX], all[SBX_JSON_PATH_MAX * 2 + 32];

    if (key) {
        sbx_utf_printable(key, strlen(key), part, sizeof(part));
        snprintf(all, sizeof(all), "%s%s%s", parent->path, parent->path[0] ? "." : "", part);
    } else {
        snprintf(all, sizeof(all), "%s[%zu]", parent->path, ret->index);
    }
    sbx_utf_printable(all, strlen(all), ret->path, sizeof(ret->path));
}

static bool find(const struct sbx_json_at *object, const char *key, struct sbx_json_at *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (cJSON_IsObject(object->item))
        ret->item = cJSON_GetObjectItemCaseSensitive(object->item, key);
    name_child(object, key, ret);
    return ret->item != NULL;
}

enum sbx_status sbx_json_root_object(
    const struct cJSON *root, struct sbx_json_at *ret_object, struct sbx_error *err)
{
    struct sbx_json_at at;

    memset(&at, 0, sizeof(at));
    at.item = root;
    if (!cJSON_IsObject(root))
        return fail_type(&at, "an object", err);
    *ret_object = at;
    return SBX_OK;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Levenshtein distance of two words of at most NEAREST_MAX_BYTES bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_MAX_BYTES + 1];
    size_t a_length = strlen(a), b_length = strlen(b), i, j, diagonal, above;

    for (j = 0; j <= b_length; j++)
        row[j] = j;
    for (i = 1; i <= a_length; i++) {
        diagonal = row[0];
        row[0] = i;
        for (j = 1; j <= b_length; j++) {
            above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

const char *sbx_json_nearest(const char *word, const char *const *words, size_t word_count)
{
    size_t best = NEAREST_MAX_DISTANCE + 1, length = strlen(word), distance, i;
    const char *nearest = NULL;

    if (length > NEAREST_MAX_BYTES)
        return NULL;
    for (i = 0; i < word_count; i++) {
        if (strlen(words[i]) > NEAREST_MAX_BYTES)
            continue;
        distance = edit_distance(word, words[i]);
        if (distance < best && distance < length) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

enum sbx_status sbx_json_known_keys(const struct sbx_json_at *object, const char *const *keys,
    size_t key_count, struct sbx_error *err)
{
    struct sbx_json_at at = {NULL, 0, ""};
    const char *nearest;
    size_t i;

    while (sbx_json_next(object, &at)) {
        const char *name = sbx_json_name(&at);

        for (i = 0; name && i < key_count; i++)
            if (strcmp(name, keys[i]) == 0)
                break;
        if (!name)
            return fail_type(object, "an object", err);
        if (i < key_count)
            continue;
        nearest = sbx_json_nearest(name, keys, key_count);
        if (nearest)
            return sbx_fail(
                err, SBX_INVALID, "unknown key '%s' (nearest known key: '%s')", at.path, nearest);
        return sbx_fail(err, SBX_INVALID, "unknown key '%s'", at.path);
    }
    return SBX_OK;
}

bool sbx_json_has(const struct sbx_json_at *object, const char *key)
{
    struct sbx_json_at at;

    return find(object, key, &at);
}

enum sbx_status sbx_json_require(
    const struct sbx_json_at *object, const char *key, struct sbx_error *err)
{
    struct sbx_json_at at;

    if (!find(object, key, &at))
        return sbx_fail(err, SBX_INVALID, "'%s' is missing", at.path);
    return SBX_OK;
}

enum sbx_status sbx_json_as_string(
    const struct sbx_json_at *at, size_t max_bytes, const char **ret, struct sbx_error *err)
{
    if (!ret || !cJSON_IsString(at->item))
        return fail_type(at, "a string", err);
    if (strlen(at->item->valuestring) > max_bytes)
        return sbx_fail(
            err, SBX_INVALID, "'%s' is longer than %zu bytes", path_words(at), max_bytes);
    *ret = at->item->valuestring;
    return SBX_OK;
}

enum sbx_status sbx_json_as_int(
    const struct sbx_json_at *at, int64_t min, int64_t max, int64_t *ret, struct sbx_error *err)
{
    double value;

    if (min < -SBX_JSON_INT_MAX)
        min = -SBX_JSON_INT_MAX;
    if (max > SBX_JSON_INT_MAX)
        max = SBX_JSON_INT_MAX;
    if (!cJSON_IsNumber(at->item))
        return fail_type(at, "an integer", err);
    value = at->item->valuedouble;
    if (!(value >= (double)min && value <= (double)max))
        return sbx_fail(err, SBX_INVALID, "'%s' must be an integer from %lld to %lld",
            path_words(at), (long long)min, (long long)max);
    if ((double)(int64_t)value != value)
        return sbx_fail(
            err, SBX_INVALID, "'%s' must be an integer, not %.15g", path_words(at), value);
    *ret = (int64_t)value;
    return SBX_OK;
}

enum sbx_status sbx_json_as_double(
    const struct sbx_json_at *at, double min, double max, double *ret, struct sbx_error *err)
{
    double value;

    if (!cJSON_IsNumber(at->item))
        return fail_type(at, "a number", err);
    value = at->item->valuedouble;
    if (!(value >= min && value <= max))
        return sbx_fail(err, SBX_INVALID, "'%s' must be a number from %.15g to %.15g",
            path_words(at), min, max);
    *ret = value;
    return SBX_OK;
}

enum sbx_status sbx_json_as_object(const struct sbx_json_at *at, struct sbx_error *err)
{
    return cJSON_IsObject(at->item) ? SBX_OK : fail_type(at, "an object", err);
}

enum sbx_status sbx_json_get_string(const struct sbx_json_at *object, const char *key,
    size_t max_bytes, const char **ret, struct sbx_error *err)
{
    struct sbx_json_at at;

    return find(object, key, &at) ? sbx_json_as_string(&at, max_bytes, ret, err) : SBX_OK;
}

enum sbx_status sbx_json_get_bool(
    const struct sbx_json_at *object, const char *key, bool *ret, struct sbx_error *err)
{
    struct sbx_json_at at;

    return find(object, key, &at) ? sbx_json_as_bool(&at, ret, err) : SBX_OK;
}

enum sbx_status sbx_json_as_bool(const struct sbx_json_at *at, bool *ret, struct sbx_error *err)
{
    if (!cJSON_IsBool(at->item))
        return fail_type(at, "true or false", err);
    *ret = cJSON_IsTrue(at->item) != 0;
    return SBX_OK;
}

enum sbx_status sbx_json_get_int(const struct sbx_json_at *object, const char *key, int64_t min,
    int64_t max, int64_t *ret, struct sbx_error *err)
{
    struct sbx_json_at at;

    return find(object, key, &at) ? sbx_json_as_int(&at, min, max, ret, err) : SBX_OK;
}

/* "'a', 'b' or 'c'"; what does not fit is cut by the error text itself. */
static void list_words(const char *const *words, size_t word_count, char *text, size_t size_bytes)
{
    size_t used = 0, i;

    text[0] = '\0';
    for (i = 0; i < word_count && used < size_bytes; i++) {
        const char *between = i == 0 ? "" : i + 1 == word_count ? " or " : ", ";
        int n = snprintf(text + used, size_bytes - used, "%s'%s'", between, words[i]);

        if (n < 0)
            return;
        used += (size_t)n;
    }
}

enum sbx_status sbx_json_get_enum(const struct sbx_json_at *object, const char *key,
    const char *const *words, size_t word_count, size_t *ret, struct sbx_error *err)
{
    struct sbx_json_at at;
    char list[512], found[64];
    size_t i;

    if (!find(object, key, &at))
        return SBX_OK;
    for (i = 0; cJSON_IsString(at.item) && i < word_count; i++) {
        if (strcmp(at.item->valuestring, words[i]) == 0) {
            *ret = i;
            return SBX_OK;
        }
    }
    list_words(words, word_count, list, sizeof(list));
    if (!cJSON_IsString(at.item))
        return fail_type(&at, list, err);
    sbx_utf_printable(at.item->valuestring, strlen(at.item->valuestring), found, sizeof(found));
    return sbx_fail(err, SBX_INVALID, "'%s' is '%s', must be %s", at.path, found, list);
}

static enum sbx_status get_container(const struct sbx_json_at *object, const char *key,
    enum sbx_json_type type, struct sbx_json_at *ret, struct sbx_error *err)
{
    struct sbx_json_at at;

    if (find(object, key, &at) && sbx_json_type(&at) != type)
        return fail_type(&at, type == SBX_JSON_OBJECT ? "an object" : "an array", err);
    *ret = at;
    return SBX_OK;
}

enum sbx_status sbx_json_get_object(const struct sbx_json_at *object, const char *key,
    struct sbx_json_at *ret, struct sbx_error *err)
{
    return get_container(object, key, SBX_JSON_OBJECT, ret, err);
}

enum sbx_status sbx_json_get_array(const struct sbx_json_at *object, const char *key,
    struct sbx_json_at *ret, struct sbx_error *err)
{
    return get_container(object, key, SBX_JSON_ARRAY, ret, err);
}

enum sbx_status sbx_json_get_string_list(const struct sbx_json_at *object, const char *key,
    size_t max_count, size_t max_bytes, const char ***ret_list, size_t *ret_count,
    struct sbx_error *err)
{
    struct sbx_json_at array, at = {NULL, 0, ""};
    enum sbx_status status;
    const char **list = NULL;
    size_t count, i = 0;

    status = sbx_json_get_array(object, key, &array, err);
    if (status || !array.item)
        return status;
    count = sbx_json_count(&array);
    if (count > max_count)
        return sbx_fail(
            err, SBX_INVALID, "'%s' has %zu entries, at most %zu", array.path, count, max_count);
    if (count) {
        status = sbx_calloc(count, sizeof(*list), &list, err);
        if (status)
            return status;
    }
    while (!status && sbx_json_next(&array, &at))
        status = sbx_json_as_string(&at, max_bytes, &list[i++], err);
    if (status) {
        free(list);
        return status;
    }
    *ret_list = list;
    *ret_count = count;
    return SBX_OK;
}

bool sbx_json_next(const struct sbx_json_at *container, struct sbx_json_at *at)
{
    const cJSON *next;
    size_t index = 0;

    if (at->item) {
        next = at->item->next;
        index = at->index + 1;
    } else {
        next = container->item ? container->item->child : NULL;
    }
    if (!next)
        return false;
    at->item = next;
    at->index = index;
    name_child(container, next->string, at);
    return true;
}

size_t sbx_json_count(const struct sbx_json_at *container)
{
    const cJSON *child = container->item ? container->item->child : NULL;
    size_t count = 0;

    for (; child; child = child->next)
        count++;
    return count;
}

const char *sbx_json_name(const struct sbx_json_at *at)
{
    return at->item->string;
}
