/* See protectname.h. */
#include "protectname.h"

#include "utf.h"

#define COMPONENT_MAX_CCH 255u

/* What is left of an entry once the stream and what Win32 drops are gone. */
static size_t core_cch(const sbx_char16 *name_w, size_t cch)
{
    size_t end = 0;

    while (end < cch && name_w[end] != ':')
        end++;
    while (end > 0 && (name_w[end - 1] == '.' || name_w[end - 1] == ' '))
        end--;
    return end;
}

static sbx_char16 fold(uint32_t unit)
{
    return (sbx_char16)(unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit);
}

/* One code point as UTF-16; the number of units, 0 for none. */
static size_t to_units(uint32_t point, sbx_char16 units[2])
{
    if (point < 0x10000) {
        units[0] = (sbx_char16)point;
        return 1;
    }
    units[0] = (sbx_char16)(0xD800 + ((point - 0x10000) >> 10));
    units[1] = (sbx_char16)(0xDC00 + ((point - 0x10000) & 0x3FF));
    return 2;
}

static bool equals(const char *name, const sbx_char16 *entry_w, size_t cch)
{
    size_t left = strlen(name), at = 0, used, count, i;
    sbx_char16 units[2];
    uint32_t point = 0;

    while (left) {
        used = sbx_utf8_decode(name, left, &point);
        if (!used)
            return false;
        count = to_units(point, units);
        for (i = 0; i < count; i++, at++)
            if (at >= cch || fold(entry_w[at]) != fold(units[i]))
                return false;
        name += used;
        left -= used;
    }
    return at == cch && cch > 0;
}

bool sbx_protectname_is(const char *name, const sbx_char16 *entry_w, size_t cch)
{
    return equals(name, entry_w, core_cch(entry_w, cch));
}

static size_t find(const struct sbx_strings *names, const sbx_char16 *name_w, size_t cch)
{
    size_t i;

    for (i = 0; i < names->count; i++)
        if (sbx_protectname_is(names->items[i], name_w, cch))
            return i;
    return SBX_PROTECTNAME_NONE;
}

size_t sbx_protectname_find(const struct sbx_strings *names, const sbx_char16 *name_w, size_t cch,
    const sbx_char16 *short_w, size_t short_cch, enum sbx_spelling *ret_spelling)
{
    enum sbx_spelling spelling =
        core_cch(name_w, cch) == cch ? SBX_SPELLING_PLAIN : SBX_SPELLING_TAIL;
    size_t found = find(names, name_w, cch);

    if (found == SBX_PROTECTNAME_NONE && short_cch) {
        found = find(names, short_w, short_cch);
        spelling = SBX_SPELLING_SHORT;
    }
    if (found != SBX_PROTECTNAME_NONE && ret_spelling)
        *ret_spelling = spelling;
    return found;
}

enum sbx_status sbx_protectname_quarantine(
    const char *name, const char *id, unsigned attempt, char **ret_name, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    /* UTF-8 bytes bound the UTF-16 units from above. */
    sbx_buf_init(&text, COMPONENT_MAX_CCH);
    status = sbx_buf_printf(&text, err, "%s.quarantined-%s", name, id);
    if (!status && attempt)
        status = sbx_buf_printf(&text, err, "-%u", attempt);
    if (!status)
        status = sbx_buf_steal(&text, ret_name, err);
    sbx_buf_done(&text);
    return status;
}
