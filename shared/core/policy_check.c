/* What one text of a policy list may be, and which text admits another. See policy_fields.h. */
#include "policy_fields.h"

#include "envblock.h"
#include "utf.h"
#include "winpath.h"

static enum sbx_status check_text(const char *text, struct sbx_error *err)
{
    size_t i;

    if (!text[0])
        return sbx_fail(err, SBX_INVALID, "is empty");
    for (i = 0; text[i]; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return sbx_fail(err, SBX_INVALID, "has a control character");
    return SBX_OK;
}

/*
 * Spellings whose meaning the text does not fix (C:x, \??\, \\.\) are refused here, all others
 * when they are resolved: the working directory and %VARIABLES% are not known in this ring.
 */
static enum sbx_status check_path(const char *text, bool wildcards, struct sbx_error *err)
{
    enum sbx_status status = check_text(text, err);
    enum sbx_winpath_kind kind;

    if (status)
        return status;
    kind = sbx_winpath_classify(text);
    if (kind == SBX_WINPATH_DRIVE_RELATIVE || kind == SBX_WINPATH_GLOBALROOT ||
        kind == SBX_WINPATH_VERBATIM_OTHER || kind == SBX_WINPATH_DEVICE || kind == SBX_WINPATH_NT)
        return sbx_fail(err, SBX_INVALID, "is a %s", sbx_winpath_kind_name(kind));
    if (strpbrk(text, "<>\"|"))
        return sbx_fail(err, SBX_INVALID, "has a character that no path may have");
    if (!wildcards && strpbrk(kind == SBX_WINPATH_VERBATIM_DRIVE || kind == SBX_WINPATH_VOLUME ||
                                      kind == SBX_WINPATH_VERBATIM_UNC
                                  ? text + 4
                                  : text,
                          "*?"))
        return sbx_fail(err, SBX_INVALID, "has a wildcard; access is given to folders by name");
    return SBX_OK;
}

enum sbx_status sbx_policy_check_path(const char *text, struct sbx_error *err)
{
    return check_path(text, false, err);
}

enum sbx_status sbx_policy_check_pattern_path(const char *text, struct sbx_error *err)
{
    return check_path(text, true, err);
}

enum sbx_status sbx_policy_check_name(const char *text, struct sbx_error *err)
{
    if (!strcmp(text, ".") || !strcmp(text, ".."))
        return sbx_fail(err, SBX_INVALID, "is not a name");
    return sbx_winpath_check_component(text, strlen(text), err);
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The host part: labels of letters, digits and inner hyphens. IDN is written as xn--. */
static bool is_host(const char *text, size_t length_bytes)
{
    size_t i, label = 0;

    if (length_bytes == 0 || length_bytes > 253)
        return false;
    for (i = 0; i < length_bytes; i++) {
        char c = text[i];

        if (c == '.') {
            if (label == 0 || text[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!is_alnum(c) && !(c == '-' && label > 0))
            return false;
        if (++label > 63)
            return false;
    }
    return label > 0 && text[length_bytes - 1] != '-';
}

static bool is_port(const char *text)
{
    unsigned long value = 0;
    size_t i;

    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 6; i++)
        value = value * 10 + (unsigned long)(text[i] - '0');
    return i > 0 && text[i] == '\0' && text[0] != '0' && value <= 65535;
}

enum sbx_status sbx_policy_check_domain(const char *text, struct sbx_error *err)
{
    const char *host = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
    size_t length = strcspn(host, ":");

    if (!strcmp(text, "*"))
        return sbx_fail(err, SBX_INVALID, "means every host; write \"access\": \"full\" for that");
    if (strstr(text, "://") || strchr(text, '/'))
        return sbx_fail(err, SBX_INVALID, "is an address of a page; write the host name alone");
    if (!is_host(host, length) || (host[length] == ':' && !is_port(host + length + 1)))
        return sbx_fail(err, SBX_INVALID, "is not a host name (name, *.suffix, optional :port)");
    if (host != text && !memchr(host, '.', length))
        return sbx_fail(err, SBX_INVALID, "would admit a whole top-level domain");
    return SBX_OK;
}

static enum sbx_status check_env_name(
    const char *text, size_t length_bytes, bool wildcards, struct sbx_error *err)
{
    size_t i;

    if (length_bytes == 0)
        return sbx_fail(err, SBX_INVALID, "is empty");
    for (i = 0; i < length_bytes; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F || text[i] == '=' ||
            (text[i] == '*' && !wildcards))
            return sbx_fail(err, SBX_INVALID, "is not the name of a variable");
    return SBX_OK;
}

enum sbx_status sbx_policy_check_env_pattern(const char *text, struct sbx_error *err)
{
    return check_env_name(text, strlen(text), true, err);
}

enum sbx_status sbx_policy_check_assignment(const char *text, struct sbx_error *err)
{
    const char *equals = strchr(text, '=');

    if (!equals)
        return sbx_fail(err, SBX_INVALID, "has no '='");
    return check_env_name(text, (size_t)(equals - text), false, err);
}

/* --- containment --------------------------------------------------------------------------- */

bool sbx_policy_path_is_absolute(const char *text)
{
    enum sbx_winpath_kind kind = sbx_winpath_classify(text);

    return kind == SBX_WINPATH_DRIVE || kind == SBX_WINPATH_UNC ||
           kind == SBX_WINPATH_VERBATIM_DRIVE || kind == SBX_WINPATH_VERBATIM_UNC ||
           kind == SBX_WINPATH_VOLUME;
}

/*
 * "~" and %VARIABLES% are expanded by the agent: the text does not say where they lead. ".." is
 * not accepted even where it seems to cancel out: "..\cwd\a" would lie below the stand-in for the
 * working directory that place_of() uses, and somewhere else on the machine.
 */
bool sbx_policy_path_is_below_cwd(const char *text)
{
    const char *at = text;

    if (sbx_winpath_classify(text) != SBX_WINPATH_RELATIVE || text[0] == '~' || strchr(text, '%'))
        return false;
    while (*at) {
        size_t length = strcspn(at, "\\/");

        if (length == 2 && at[0] == '.' && at[1] == '.')
            return false;
        at += length;
        at += *at ? 1 : 0;
    }
    return true;
}

/* An absolute text as it is, a relative one below a stand-in for the working directory. */
static char *place_of(const char *text)
{
    static const char stand_in[] = "A:\\cwd";
    enum sbx_status status;
    char *path = NULL;

    if (sbx_policy_path_is_absolute(text))
        status = sbx_winpath_normalise(text, &path, NULL, NULL);
    else
        status = sbx_winpath_resolve(stand_in, text, &path, NULL, NULL);
    return status ? NULL : path;
}

bool sbx_policy_path_covers(const char *bound, const char *entry)
{
    bool both_absolute = sbx_policy_path_is_absolute(bound) && sbx_policy_path_is_absolute(entry);
    char *outer = NULL, *inner = NULL;
    bool covers = false;

    if (strchr(bound, '%') || strchr(entry, '%'))
        return sbx_utf_equal_ci_ascii(bound, entry);
    if (!both_absolute &&
        !(sbx_policy_path_is_below_cwd(bound) && sbx_policy_path_is_below_cwd(entry)))
        return sbx_utf_equal_ci_ascii(bound, entry);
    outer = place_of(bound);
    inner = place_of(entry);
    covers = outer && inner && sbx_winpath_is_inside(outer, inner);
    free(outer);
    free(inner);
    return covers;
}

/* "*.a.b" admits "x.a.b", "*.x.a.b" and itself, not "a.b"; without a port it admits every port. */
bool sbx_policy_domain_covers(const char *bound, const char *entry)
{
    size_t bound_bytes = strcspn(bound, ":"), entry_bytes = strcspn(entry, ":"), suffix_bytes;

    if (bound[bound_bytes] == ':' && strcmp(bound + bound_bytes, entry + entry_bytes) != 0)
        return false;
    if (sbx_utf_equal_ci_ascii_n(bound, bound_bytes, entry, entry_bytes))
        return true;
    if (strncmp(bound, "*.", 2) != 0)
        return false;
    suffix_bytes = bound_bytes - 1; /* with the dot */
    return entry_bytes > suffix_bytes && sbx_utf_equal_ci_ascii_n(bound + 1, suffix_bytes,
                                             entry + entry_bytes - suffix_bytes, suffix_bytes);
}

/*
 * A star of `entry` is only ever swallowed by a star of `bound`, because no name has one. So a
 * match of the text is a match of everything the entry can stand for.
 */
bool sbx_policy_env_covers(const char *bound, const char *entry)
{
    return sbx_env_name_matches(bound, entry);
}
