/*
 * Classify, check and normalise Windows paths. See winpath.h; questions about paths that are
 * normal already are in winpathrel.c.
 *
 * MUSTs of this file:
 *  1. What leaves sbx_winpath_normalise is accepted by sbx_winpath_is_normal, and normalising it
 *     again changes nothing.
 *  2. Every component is checked, those that ".." removes later included.
 *  3. Nothing that Windows would rewrite or redirect (device, stream, trailing dot or space) is
 *     left in a component.
 */
#include "winpath.h"

#include <stdio.h>

#include "buf.h"
#include "utf.h"

/* In messages; the whole may be 32,767 units. */
#define SHOWN_BYTES 200u

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool starts_with_ci(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);

    return strlen(text) >= length && sbx_utf_equal_ci_ascii_n(text, length, prefix, length);
}

/* "{8-4-4-4-12}" of hexadecimal digits; 38 characters. */
static bool is_guid(const char *text)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    size_t i;

    for (i = 0; form[i]; i++) {
        char c = sbx_ascii_lower(text[i]);
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

        if (form[i] == 'x' ? !is_hex : c != form[i])
            return false;
    }
    return true;
}

#define VOLUME_PREFIX_BYTES 10u /* \\?\Volume */
#define VOLUME_ROOT_BYTES 49u   /* \\?\Volume{guid}\ */

/*
 * \\?\C: and \\?\Volume{guid} without the backslash behind are the raw volume, not its root
 * directory, so they are VERBATIM_OTHER.
 */
static enum sbx_winpath_kind classify_verbatim(const char *rest)
{
    if (is_letter(rest[0]) && rest[1] == ':' && rest[2] == '\\')
        return SBX_WINPATH_VERBATIM_DRIVE;
    if (starts_with_ci(rest, "UNC\\"))
        return SBX_WINPATH_VERBATIM_UNC;
    if (starts_with_ci(rest, "GLOBALROOT"))
        return SBX_WINPATH_GLOBALROOT;
    if (starts_with_ci(rest, "Volume{") && is_guid(rest + 6) && rest[6 + 38] == '\\')
        return SBX_WINPATH_VOLUME;
    return SBX_WINPATH_VERBATIM_OTHER;
}

enum sbx_winpath_kind sbx_winpath_classify(const char *path)
{
    if (!*path)
        return SBX_WINPATH_EMPTY;
    if (strncmp(path, "\\\\?\\", 4) == 0)
        return classify_verbatim(path + 4);
    if (is_separator(path[0]) && path[1] == '?' && path[2] == '?' && is_separator(path[3]))
        return SBX_WINPATH_NT;
    if (is_separator(path[0]) && is_separator(path[1])) {
        if ((path[2] == '.' || path[2] == '?') && (is_separator(path[3]) || !path[3]))
            return SBX_WINPATH_DEVICE;
        return SBX_WINPATH_UNC;
    }
    if (is_separator(path[0]))
        return SBX_WINPATH_ROOTED;
    if (is_letter(path[0]) && path[1] == ':')
        return is_separator(path[2]) ? SBX_WINPATH_DRIVE : SBX_WINPATH_DRIVE_RELATIVE;
    return SBX_WINPATH_RELATIVE;
}

const char *sbx_winpath_kind_name(enum sbx_winpath_kind kind)
{
    static const char *const names[] = {"empty path", "relative path", "drive-relative path",
        "path on the current drive", "drive path", "UNC path", "verbatim drive path",
        "verbatim UNC path", "volume path", "GLOBALROOT path", "verbatim device path",
        "device path", "NT path"};

    return (size_t)kind < countof(names) ? names[kind] : "unknown path";
}

/* --- components --------------------------------------------------------------------------- */

/* 1-9 and the superscripts that Windows also takes for 1-3 (U+00B9, U+00B2, U+00B3). */
static bool is_port_number(const char *text, size_t length_bytes)
{
    if (length_bytes == 1)
        return text[0] >= '1' && text[0] <= '9';
    return length_bytes == 2 && text[0] == '\xC2' &&
           (text[1] == '\xB9' || text[1] == '\xB2' || text[1] == '\xB3');
}

/* Devices are found whatever the directory, extension, or spaces before the extension. */
static bool is_device_name(const char *name, size_t length_bytes)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    const char *dot = memchr(name, '.', length_bytes);
    size_t stem = dot ? (size_t)(dot - name) : length_bytes, i;

    while (stem && name[stem - 1] == ' ')
        stem--;
    for (i = 0; i < countof(devices); i++)
        if (sbx_utf_equal_ci_ascii_n(name, stem, devices[i], strlen(devices[i])))
            return true;
    return stem > 3 && is_port_number(name + 3, stem - 3) &&
           (sbx_utf_equal_ci_ascii_n(name, 3, "COM", 3) ||
               sbx_utf_equal_ci_ascii_n(name, 3, "LPT", 3));
}

/* Why a component is refused, or NULL. */
static const char *component_fault(const char *name, size_t length_bytes)
{
    size_t i;

    if (!length_bytes)
        return "empty component";
    if (!sbx_utf_is_valid(name, length_bytes))
        return "ill-formed UTF-8";
    for (i = 0; i < length_bytes; i++) {
        if ((unsigned char)name[i] < 0x20)
            return "control character";
        if (name[i] == ':')
            return "colon: alternate streams are not supported";
        if (strchr("<>\"/\\|?*", name[i]))
            return "character that file names cannot have";
    }
    if (name[length_bytes - 1] == '.' || name[length_bytes - 1] == ' ')
        return "dot or space at the end, which Windows drops";
    if (is_device_name(name, length_bytes))
        return "reserved device name";
    if (sbx_utf8_cch(name, length_bytes) > SBX_WINPATH_COMPONENT_MAX_CCH)
        return "component longer than 255 characters";
    return NULL;
}

enum sbx_status sbx_winpath_check_component(
    const char *name, size_t length_bytes, struct sbx_error *err)
{
    const char *fault = component_fault(name, length_bytes);
    char shown[SHOWN_BYTES];

    if (!fault)
        return SBX_OK;
    sbx_utf_printable(name, length_bytes, shown, sizeof(shown));
    return sbx_fail(err, SBX_INVALID, "'%s': %s", shown, fault);
}

bool sbx_winpath_might_be_short(const char *name, size_t length_bytes)
{
    const char *tilde = memchr(name, '~', length_bytes);
    const char *dot = memchr(name, '.', length_bytes);
    size_t stem = dot ? (size_t)(dot - name) : length_bytes;

    for (; tilde; tilde = memchr(tilde + 1, '~', length_bytes - (size_t)(tilde + 1 - name)))
        if ((size_t)(tilde + 1 - name) < length_bytes && tilde[1] >= '0' && tilde[1] <= '9')
            break;
    return tilde && sbx_utf8_cch(name, stem) <= 8 && length_bytes - stem <= 4;
}

/* --- normalise ---------------------------------------------------------------------------- */

/* The path under construction: "ROOT\" and then components, each with a separator behind. */
struct builder {
    char *text;
    size_t length;
    size_t root_bytes;
    struct sbx_error *err;
};

static enum sbx_status builder_init(struct builder *b, size_t room_bytes, struct sbx_error *err)
{
    memset(b, 0, sizeof(*b));
    b->err = err;
    /* Prefixes only shrink; every component costs at most the separator it already has. */
    return sbx_calloc(room_bytes + 8, 1, &b->text, err);
}

static void append(struct builder *b, const char *bytes, size_t length_bytes)
{
    memcpy(b->text + b->length, bytes, length_bytes);
    b->length += length_bytes;
}

static enum sbx_status pop(struct builder *b)
{
    if (b->length == b->root_bytes)
        return sbx_fail(b->err, SBX_INVALID, "'..' above the root");
    do
        b->length--;
    while (b->text[b->length - 1] != '\\');
    return SBX_OK;
}

static enum sbx_status push(struct builder *b, const char *name, size_t length_bytes)
{
    enum sbx_status status = sbx_winpath_check_component(name, length_bytes, b->err);

    if (status)
        return status;
    append(b, name, length_bytes);
    append(b, "\\", 1);
    return SBX_OK;
}

/* Components of a path that Windows would normalise: both separators, "." and ".." resolved. */
static enum sbx_status push_all(struct builder *b, const char *rest)
{
    enum sbx_status status = SBX_OK;
    size_t length;

    while (!status) {
        while (is_separator(*rest))
            rest++;
        if (!*rest)
            break;
        length = strcspn(rest, "\\/");
        if (length == 2 && memcmp(rest, "..", 2) == 0)
            status = pop(b);
        else if (length != 1 || *rest != '.')
            status = push(b, rest, length);
        rest += length;
    }
    return status;
}

/* Components of a verbatim path: taken literally, so everything else is a strange name. */
static enum sbx_status push_literal(struct builder *b, const char *rest)
{
    enum sbx_status status = SBX_OK;
    size_t length;

    while (*rest && !status) {
        length = strcspn(rest, "\\");
        status = push(b, rest, length);
        rest += length;
        if (*rest)
            rest++;
    }
    return status;
}

bool sbx_winpath_is_pipe_share(const char *share, size_t length_bytes)
{
    return sbx_utf_equal_ci_ascii_n(share, length_bytes, "pipe", 4) ||
           sbx_utf_equal_ci_ascii_n(share, length_bytes, "mailslot", 8) ||
           sbx_utf_equal_ci_ascii_n(share, length_bytes, "ipc$", 4);
}

/* "server\share" and what follows, from behind the two separators (or behind \\?\UNC\). */
static enum sbx_status push_share(
    struct builder *b, const char *at, const char *separators, const char **ret_rest)
{
    size_t server = strcspn(at, separators), share;
    enum sbx_status status;

    append(b, "\\\\", 2);
    status = push(b, at, server);
    if (status) {
        sbx_error_context(b->err, "server");
        return status;
    }
    at += server + (at[server] != '\0');
    share = strcspn(at, separators);
    if (sbx_winpath_is_pipe_share(at, share))
        return sbx_fail(b->err, SBX_INVALID, "share for pipes, not for files");
    status = push(b, at, share);
    if (status) {
        sbx_error_context(b->err, "share");
        return status;
    }
    *ret_rest = at + share + (at[share] != '\0');
    b->root_bytes = b->length;
    return SBX_OK;
}

static void push_drive(struct builder *b, char letter)
{
    char root[3] = {sbx_ascii_upper(letter), ':', '\\'};

    append(b, root, sizeof(root));
    b->root_bytes = b->length;
}

static void push_volume(struct builder *b, const char *path)
{
    size_t i;

    append(b, "\\\\?\\Volume", VOLUME_PREFIX_BYTES);
    for (i = VOLUME_PREFIX_BYTES; i < VOLUME_ROOT_BYTES; i++)
        b->text[b->length++] = sbx_ascii_lower(path[i]);
    b->root_bytes = b->length;
}

static enum sbx_status push_absolute(struct builder *b, const char *path)
{
    enum sbx_winpath_kind kind = sbx_winpath_classify(path);
    const char *rest = NULL;
    enum sbx_status status;

    switch (kind) {
    case SBX_WINPATH_DRIVE:
        push_drive(b, path[0]);
        return push_all(b, path + 3);
    case SBX_WINPATH_UNC:
        status = push_share(b, path + 2, "\\/", &rest);
        return status ? status : push_all(b, rest);
    case SBX_WINPATH_VERBATIM_DRIVE:
        push_drive(b, path[4]);
        return push_literal(b, path + 7);
    case SBX_WINPATH_VERBATIM_UNC:
        status = push_share(b, path + 8, "\\", &rest);
        return status ? status : push_literal(b, rest);
    case SBX_WINPATH_VOLUME:
        push_volume(b, path);
        return push_literal(b, path + VOLUME_ROOT_BYTES);
    default:
        return sbx_fail(b->err, SBX_INVALID, "%s, an absolute path of a file system is needed",
            sbx_winpath_kind_name(kind));
    }
}

/* Hand the text out, or say which path the error was about. Ends the builder either way. */
static enum sbx_status builder_finish(struct builder *b, enum sbx_status status, const char *path,
    char **ret_path, bool *ret_might_be_short)
{
    char shown[SHOWN_BYTES];
    const char *at = NULL;
    bool is_short = false;
    size_t length;

    if (!status) {
        if (b->length > b->root_bytes)
            b->length--;
        b->text[b->length] = '\0';
        if (sbx_utf8_cch(b->text, b->length) > SBX_WINPATH_MAX_CCH)
            status =
                sbx_fail(b->err, SBX_INVALID, "longer than %u characters", SBX_WINPATH_MAX_CCH);
    }
    if (status) {
        free(b->text);
        sbx_utf_printable(path, strlen(path), shown, sizeof(shown));
        if (status == SBX_INVALID)
            sbx_error_context(b->err, "path '%s'", shown);
        return status;
    }
    while (sbx_winpath_next(b->text, &at, &length))
        is_short = is_short || sbx_winpath_might_be_short(at, length);
    if (ret_might_be_short)
        *ret_might_be_short = is_short;
    *ret_path = b->text;
    return SBX_OK;
}

enum sbx_status sbx_winpath_normalise(
    const char *path, char **ret_path, bool *ret_might_be_short, struct sbx_error *err)
{
    struct builder b;
    enum sbx_status status = builder_init(&b, strlen(path), err);

    if (status)
        return status;
    return builder_finish(&b, push_absolute(&b, path), path, ret_path, ret_might_be_short);
}

enum sbx_status sbx_winpath_resolve(const char *base, const char *path, char **ret_path,
    bool *ret_might_be_short, struct sbx_error *err)
{
    enum sbx_winpath_kind kind = sbx_winpath_classify(path);
    size_t root_bytes = sbx_winpath_root_bytes(base), base_bytes = strlen(base);
    enum sbx_status status;
    struct builder b;

    if (kind != SBX_WINPATH_RELATIVE && kind != SBX_WINPATH_ROOTED)
        return sbx_winpath_normalise(path, ret_path, ret_might_be_short, err);
    if (!root_bytes || !sbx_winpath_is_normal(base))
        return sbx_fail(err, SBX_INTERNAL, "base directory is not in normal form");
    status = builder_init(&b, base_bytes + strlen(path), err);
    if (status)
        return status;
    b.root_bytes = root_bytes;
    append(&b, base, kind == SBX_WINPATH_ROOTED ? root_bytes : base_bytes);
    if (b.length > root_bytes)
        append(&b, "\\", 1);
    return builder_finish(&b, push_all(&b, path), path, ret_path, ret_might_be_short);
}
