/* See pathglob.h. */
#include "pathglob.h"

#include "buf.h"

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static size_t component(const char *text)
{
    size_t length = 0;

    while (text[length] && !is_separator(text[length]))
        length++;
    return length;
}

static const char *skip(const char *text)
{
    while (is_separator(*text))
        text++;
    return text;
}

bool sbx_pathglob_is_pattern(const char *text)
{
    return text[strcspn(text, "*?")] != '\0';
}

enum sbx_status sbx_pathglob_split(
    const char *text, char **ret_base, const char **ret_rest, struct sbx_error *err)
{
    const char *at = text, *rest = text;
    enum sbx_status status;
    size_t length;
    char *base = NULL;

    while (*at) {
        size_t i, end = component(at);
        bool wild = false;

        for (i = 0; i < end; i++)
            wild = wild || at[i] == '*' || at[i] == '?';
        if (wild)
            break;
        at = rest = skip(at + end);
    }
    length = (size_t)(rest - text);
    /* The separator behind "C:" is part of the name of a volume's root. */
    while (length > 0 && is_separator(text[length - 1]) && !(length == 3 && text[1] == ':'))
        length--;
    status = sbx_calloc(length + 1, 1, &base, err);
    if (status)
        return status;
    memcpy(base, text, length);
    *ret_base = base;
    *ret_rest = rest;
    return SBX_OK;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Bytes of one character: a `?` takes all bytes of one, and text that is no UTF-8 byte by byte. */
static size_t character(const char *text, size_t length)
{
    size_t n = 1;

    while (n < length && ((unsigned char)text[n] & 0xC0u) == 0x80u)
        n++;
    return n;
}

/* One component. On a mismatch the last `*` takes one character more: linear memory, no recursion.
 */
static bool match_component(
    const char *pattern, size_t pattern_length, const char *name, size_t name_length)
{
    size_t p = 0, n = 0, star = SIZE_MAX, star_n = 0;

    while (n < name_length) {
        if (p < pattern_length && pattern[p] == '*') {
            star = p++;
            star_n = n;
        } else if (p < pattern_length && pattern[p] == '?') {
            p++;
            n += character(name + n, name_length - n);
        } else if (p < pattern_length && lower(pattern[p]) == lower(name[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++star_n;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '*')
        p++;
    return p == pattern_length;
}

static bool is_any(const char *pattern, size_t length)
{
    return length == 2 && pattern[0] == '*' && pattern[1] == '*';
}

/* The same over components: on a mismatch the last `**` takes one component more. */
bool sbx_pathglob_match(const char *pattern, const char *path)
{
    const char *p = skip(pattern), *n = skip(path);
    const char *any = NULL, *any_n = NULL;

    while (*n) {
        size_t p_length = component(p), n_length = component(n);

        if (*p && is_any(p, p_length)) {
            any = p = skip(p + p_length);
            any_n = n;
        } else if (*p && match_component(p, p_length, n, n_length)) {
            p = skip(p + p_length);
            n = skip(n + n_length);
        } else if (any) {
            p = any;
            n = any_n = skip(any_n + component(any_n));
        } else {
            return false;
        }
    }
    while (*p && is_any(p, component(p)))
        p = skip(p + component(p));
    return !*p;
}

size_t sbx_pathglob_depth(const char *pattern)
{
    const char *at = skip(pattern);
    size_t depth = 0;

    for (; *at; depth++) {
        if (is_any(at, component(at)))
            return SIZE_MAX;
        at = skip(at + component(at));
    }
    return depth;
}
