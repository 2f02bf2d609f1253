/* See capsid.h. */
#include "capsid.h"

#include <stdio.h>

#include "buf.h"
#include "sha256.h"
#include "utf.h"

#define AUTHORITY_MAX UINT64_C(0xFFFFFFFFFFFF)

/* Changing a tag or the encoding below orphans every grant made so far. */
static const char root_tag[] = "agent-sandbox capability SID v1";
static const char run_tag[] = "agent-sandbox run SID v1";

static enum sbx_status fail_sid(const char *text, const char *what, struct sbx_error *err)
{
    char shown[SBX_SID_TEXT_SIZE];

    sbx_utf_printable(text, strlen(text), shown, sizeof(shown));
    return sbx_fail(err, SBX_INVALID, "SID '%s': %s", shown, what);
}

/* Decimal without sign or leading zero, up to max. NULL when it is not one. */
static const char *read_decimal(const char *at, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
        return NULL;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > max)
            return NULL;
    }
    *ret = value;
    return at;
}

static int hex_value(char c)
{
    c = sbx_ascii_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind "0x": exactly 12 digits and, as Windows prints it, a value that needs them. */
static const char *read_hex_authority(const char *at, uint64_t *ret)
{
    uint64_t value = 0;
    int i, digit;

    for (i = 0; i < 12; i++, at++) {
        digit = hex_value(*at);
        if (digit < 0)
            return NULL;
        value = value << 4 | (uint64_t)digit;
    }
    if (value <= UINT32_MAX)
        return NULL;
    *ret = value;
    return at;
}

enum sbx_status sbx_sid_parse(const char *text, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    struct sbx_sid sid;
    const char *at = text;
    uint64_t value;

    memset(&sid, 0, sizeof(sid));
    if (sbx_ascii_upper(at[0]) != 'S' || at[1] != '-' || at[2] != '1' || at[3] != '-')
        return fail_sid(text, "must start with S-1-", err);
    at += 4;
    if (at[0] == '0' && sbx_ascii_lower(at[1]) == 'x')
        at = read_hex_authority(at + 2, &sid.authority);
    else
        at = read_decimal(at, UINT32_MAX, &sid.authority);
    if (!at)
        return fail_sid(text, "bad authority", err);
    while (*at) {
        if (sid.count == SBX_SID_MAX_SUBAUTHORITIES)
            return fail_sid(text, "more than 15 subauthorities", err);
        at = *at == '-' ? read_decimal(at + 1, UINT32_MAX, &value) : NULL;
        if (!at)
            return fail_sid(text, "bad subauthority", err);
        sid.sub[sid.count++] = (uint32_t)value;
    }
    if (!sid.count)
        return fail_sid(text, "no subauthority", err);
    *ret_sid = sid;
    return SBX_OK;
}

/* "S-1-0x" + 12 digits + 15 times "-" and 10 digits + NUL is 184: it always fits. */
void sbx_sid_format(const struct sbx_sid *sid, char ret_text[SBX_SID_TEXT_SIZE])
{
    unsigned long long authority = sid->authority & AUTHORITY_MAX;
    unsigned i;
    int used;

    if (authority > UINT32_MAX)
        used = snprintf(ret_text, SBX_SID_TEXT_SIZE, "S-1-0x%012llX", authority);
    else
        used = snprintf(ret_text, SBX_SID_TEXT_SIZE, "S-1-%llu", authority);
    for (i = 0; i < sid->count && i < SBX_SID_MAX_SUBAUTHORITIES; i++)
        used += snprintf(
            ret_text + used, SBX_SID_TEXT_SIZE - (size_t)used, "-%u", (unsigned)sid->sub[i]);
}

/* Revision, count, authority big-endian, subauthorities little-endian (MS-DTYP 2.4.2.2). */
enum sbx_status sbx_sid_from_bytes(
    const void *bytes, size_t length_bytes, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    const uint8_t *byte = bytes;
    struct sbx_sid sid;
    size_t i;

    memset(&sid, 0, sizeof(sid));
    if (length_bytes < 8 || byte[0] != 1 || byte[1] > SBX_SID_MAX_SUBAUTHORITIES ||
        length_bytes != 8u + 4u * byte[1])
        return sbx_fail(err, SBX_INVALID, "%zu bytes that are not a SID", length_bytes);
    sid.count = byte[1];
    for (i = 0; i < 6; i++)
        sid.authority = sid.authority << 8 | byte[2 + i];
    for (i = 0; i < sid.count; i++, byte += 4)
        sid.sub[i] =
            byte[8] | (uint32_t)byte[9] << 8 | (uint32_t)byte[10] << 16 | (uint32_t)byte[11] << 24;
    *ret_sid = sid;
    return SBX_OK;
}

size_t sbx_sid_to_bytes(const struct sbx_sid *sid, uint8_t ret_bytes[SBX_SID_BINARY_MAX])
{
    size_t i, at = 8;

    ret_bytes[0] = 1;
    ret_bytes[1] = sid->count;
    for (i = 0; i < 6; i++)
        ret_bytes[2 + i] = (uint8_t)(sid->authority >> (40 - 8 * i));
    for (i = 0; i < sid->count; i++) {
        ret_bytes[at++] = (uint8_t)sid->sub[i];
        ret_bytes[at++] = (uint8_t)(sid->sub[i] >> 8);
        ret_bytes[at++] = (uint8_t)(sid->sub[i] >> 16);
        ret_bytes[at++] = (uint8_t)(sid->sub[i] >> 24);
    }
    return at;
}

bool sbx_sid_equal(const struct sbx_sid *a, const struct sbx_sid *b)
{
    return a->authority == b->authority && a->count == b->count &&
           memcmp(a->sub, b->sub, a->count * sizeof(*a->sub)) == 0;
}

#define OURS_HIGH_BIT 0x80000000u

bool sbx_capsid_is_ours(const struct sbx_sid *sid)
{
    return sid->authority == 5 && sid->count == 5 && sid->sub[0] == 21 &&
           (sid->sub[4] & OURS_HIGH_BIT);
}

/* Each part with its length in front: no two lists of parts give the same bytes. */
static void add_part(struct sbx_sha256 *sha, const void *bytes, size_t length_bytes)
{
    uint8_t length[4] = {(uint8_t)(length_bytes >> 24), (uint8_t)(length_bytes >> 16),
        (uint8_t)(length_bytes >> 8), (uint8_t)length_bytes};

    sbx_sha256_add(sha, length, sizeof(length));
    sbx_sha256_add(sha, bytes, length_bytes);
}

static void sid_from_digest(struct sbx_sha256 *sha, struct sbx_sid *ret_sid)
{
    uint8_t digest[SBX_SHA256_BYTES];
    unsigned i;

    sbx_sha256_end(sha, digest);
    memset(ret_sid, 0, sizeof(*ret_sid));
    ret_sid->authority = 5;
    ret_sid->count = 5;
    ret_sid->sub[0] = 21;
    for (i = 0; i < 4; i++)
        ret_sid->sub[1 + i] = (uint32_t)digest[4 * i] << 24 | (uint32_t)digest[4 * i + 1] << 16 |
                              (uint32_t)digest[4 * i + 2] << 8 | digest[4 * i + 3];
    ret_sid->sub[4] |= OURS_HIGH_BIT;
}

#define GUID_DIGITS 32u

/* The 32 digits in lower case, so that every spelling of a volume gives one SID. */
static enum sbx_status read_guid(
    const char *text, char ret_digits[GUID_DIGITS], struct sbx_error *err)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}", prefix[] = "\\\\?\\Volume";
    const char *at = text;
    size_t i, count = 0;
    bool is_path = strlen(text) >= sizeof(prefix) - 1 &&
                   sbx_utf_equal_ci_ascii_n(text, sizeof(prefix) - 1, prefix, sizeof(prefix) - 1);

    if (is_path)
        at += sizeof(prefix) - 1;
    for (i = 0; form[i]; i++, at++) {
        if (form[i] == 'x' ? hex_value(*at) < 0 : *at != form[i])
            break;
        if (form[i] == 'x')
            ret_digits[count++] = sbx_ascii_lower(*at);
    }
    if (!form[i] && is_path && *at == '\\')
        at++;
    if (form[i] || *at) {
        char shown[80];

        sbx_utf_printable(text, strlen(text), shown, sizeof(shown));
        return sbx_fail(err, SBX_INVALID, "volume GUID '%s': not of the form {8-4-4-4-12}", shown);
    }
    return SBX_OK;
}

enum sbx_status sbx_capsid_for_root(const char *caller_sid, const char *volume_guid,
    const uint8_t file_id[16], struct sbx_sid *ret_sid, struct sbx_error *err)
{
    uint8_t caller_bytes[SBX_SID_BINARY_MAX];
    char guid[GUID_DIGITS];
    struct sbx_sha256 sha;
    struct sbx_sid caller;
    enum sbx_status status = sbx_sid_parse(caller_sid, &caller, err);

    if (!status)
        status = read_guid(volume_guid, guid, err);
    if (status)
        return status;
    sbx_sha256_init(&sha);
    add_part(&sha, root_tag, sizeof(root_tag) - 1);
    add_part(&sha, caller_bytes, sbx_sid_to_bytes(&caller, caller_bytes));
    add_part(&sha, guid, sizeof(guid));
    add_part(&sha, file_id, 16);
    sid_from_digest(&sha, ret_sid);
    return SBX_OK;
}

void sbx_capsid_for_run(const uint8_t random[16], struct sbx_sid *ret_sid)
{
    struct sbx_sha256 sha;

    sbx_sha256_init(&sha);
    add_part(&sha, run_tag, sizeof(run_tag) - 1);
    add_part(&sha, random, 16);
    sid_from_digest(&sha, ret_sid);
}
