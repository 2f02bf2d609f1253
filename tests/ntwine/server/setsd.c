/* setsd: write or read the descriptor that ntwine's server keeps in an xattr, from Unix, without a server.
 *   setsd PATH SDDL      store (owner, group and DACL are needed)
 *   setsd --root PATH    mark PATH as the root of a volume
 *   setsd --get PATH     print "control owner group" and one line per ACE, in hexadecimal; exit 1 if there is none
 * SDDL: O: G: D:[P][AI] and (A|D;flags;mask;;;sid) with a hexadecimal mask or FA FR FX FW GA 0x...; the SIDs are
 * S-1-..., or one of the aliases below. */

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static unsigned char blob[65536];

static void fail(const char *text, const char *detail)
{
    fprintf(stderr, "setsd: %s: %s\n", text, detail);
    exit(2);
}

static const struct {
    const char *name, *sid;
} aliases[] = {
    {"SY", "S-1-5-18"},      {"BA", "S-1-5-32-544"}, {"BU", "S-1-5-32-545"}, {"WD", "S-1-1-0"},
    {"AU", "S-1-5-11"},      {"CO", "S-1-3-0"},      {"CG", "S-1-3-1"},      {"OW", "S-1-3-4"},
    {"IU", "S-1-5-4"},       {"RC", "S-1-5-12"},     {"AC", "S-1-15-2-1"},   {"LU", "S-1-5-21-0-0-0-1000"},
    {"LG", "S-1-5-21-0-0-0-513"},
    {"TI", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"},
};

/* Reads a SID at *text, writes its binary form, returns its size. */
static size_t put_sid(const char **text, unsigned char *out)
{
    const char *p = *text;
    char copy[128];
    size_t i, count = 0;
    char *end;

    for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (!strncmp(p, aliases[i].name, 2) && !isdigit((unsigned char)p[2]) && p[2] != '-') {
            *text = p + 2;
            snprintf(copy, sizeof(copy), "%s", aliases[i].sid);
            p = copy;
            break;
        }
    }
    if (strncmp(p, "S-1-", 4) != 0) fail("not a SID", p);
    memset(out, 0, 8);
    out[0] = 1;
    out[7] = (unsigned char)strtoul(p + 4, &end, 10);
    while (*end == '-' && count < 15) {
        uint32_t part = (uint32_t)strtoul(end + 1, &end, 10);
        memcpy(out + 8 + 4 * count++, &part, 4);
    }
    out[1] = (unsigned char)count;
    if (p != copy) *text = end;
    return 8 + 4 * count;
}

static uint32_t mask_of(const char *text)
{
    static const struct {
        const char *name;
        uint32_t mask;
    } words[] = {{"FA", 0x1f01ff}, {"FR", 0x120089}, {"FW", 0x120116}, {"FX", 0x1200a0}, {"GA", 0x10000000},
                 {"GR", 0x80000000}, {"GW", 0x40000000}, {"GX", 0x20000000}, {"SD", 0x10000}, {"RC", 0x20000}};
    uint32_t mask = 0;
    size_t i;

    if (!strncmp(text, "0x", 2)) return (uint32_t)strtoul(text, NULL, 16);
    for (; *text; text += 2) {
        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (!strncmp(text, words[i].name, 2)) break;
        if (i == sizeof(words) / sizeof(words[0])) fail("unknown right", text);
        mask |= words[i].mask;
    }
    return mask;
}

static unsigned char flags_of(const char *text)
{
    static const char names[][3] = {"OI", "CI", "NP", "IO", "ID"};
    unsigned char flags = 0;
    size_t i;

    for (; *text; text += 2) {
        for (i = 0; i < 5 && strncmp(text, names[i], 2) != 0; i++) {}
        if (i == 5) fail("unknown ACE flag", text);
        flags |= (unsigned char)(1u << i);
    }
    return flags;
}

static size_t put_ace(const char *text, unsigned char *out)
{
    char type[8], flags[16], rights[64];
    const char *sid = text;
    uint16_t size;
    uint32_t mask;
    size_t fields = 0;

    for (; *sid && fields < 5; sid++)
        if (*sid == ';') fields++;
    flags[0] = rights[0] = 0;
    if (sscanf(text, "%7[^;];", type) != 1) fail("not an ACE", text);
    text = strchr(text, ';') + 1;
    sscanf(text, "%15[^;]", flags);
    text = strchr(text, ';') + 1;
    sscanf(text, "%63[^;]", rights);
    if (fields != 5) fail("not an ACE", text);
    out[0] = type[0] == 'D' ? 1 : 0;
    out[1] = flags_of(flags);
    mask = mask_of(rights);
    memcpy(out + 4, &mask, 4);
    size = (uint16_t)(8 + put_sid(&sid, out + 8));
    memcpy(out + 2, &size, 2);
    return size;
}

/* The server's layout: control, owner, group, SACL and DACL lengths, then these parts. */
static size_t parse(const char *text)
{
    uint32_t head[5] = {0x4, 0, 0, 0, 0};
    unsigned char *out = blob + sizeof(head);
    uint16_t size = 8, count = 0;
    unsigned char *acl;
    char ace[256];
    size_t len;

    if (strncmp(text, "O:", 2) != 0) fail("no owner", text);
    text += 2;
    out += head[1] = (uint32_t)put_sid(&text, out);
    if (strncmp(text, "G:", 2) != 0) fail("no group", text);
    text += 2;
    out += head[2] = (uint32_t)put_sid(&text, out);
    if (strncmp(text, "D:", 2) != 0) fail("no DACL", text);
    for (text += 2; *text && *text != '('; text++) {
        if (*text == 'P') head[0] |= 0x1000;
        if (text[0] == 'A' && text[1] == 'I') head[0] |= 0x400;
    }
    acl = out;
    out += 8;
    while (*text == '(') {
        len = strcspn(text, ")");
        if (len >= sizeof(ace) || !text[len]) fail("not an ACE", text);
        memcpy(ace, text + 1, len - 1);
        ace[len - 1] = 0;
        out += len = put_ace(ace, out);
        size = (uint16_t)(size + len);
        count++;
        text = strchr(text, ')') + 1;
    }
    if (*text) fail("text left over", text);
    memset(acl, 0, 8);
    acl[0] = 2;
    memcpy(acl + 2, &size, 2);
    memcpy(acl + 4, &count, 2);
    head[4] = size;
    memcpy(blob, head, sizeof(head));
    return (size_t)(out - blob);
}

static void print_sid(const unsigned char *sid)
{
    uint32_t part;
    int i;

    printf("S-1-%u", sid[7]);
    for (i = 0; i < sid[1]; i++) {
        memcpy(&part, sid + 8 + 4 * i, 4);
        printf("-%u", part);
    }
}

static int print_sd(const char *path)
{
    uint32_t head[5], mask;
    unsigned char *p;
    uint16_t count, size, i;

    if (getxattr(path, "user.ntwine.sd", blob, sizeof(blob)) <= 0) return 1;
    memcpy(head, blob, sizeof(head));
    p = blob + sizeof(head);
    printf("%04x ", head[0]);
    if (head[1]) print_sid(p);
    printf(" ");
    if (head[2]) print_sid(p + head[1]);
    printf("\n");
    p += head[1] + head[2] + head[3];
    if (!head[4]) return 0;
    memcpy(&count, p + 4, 2);
    for (p += 8, i = 0; i < count; i++) {
        memcpy(&size, p + 2, 2);
        memcpy(&mask, p + 4, 4);
        printf("%s %02x %08x ", p[0] == 1 ? "deny" : "allow", p[1], mask);
        print_sid(p + 8);
        printf("\n");
        p += size;
    }
    return 0;
}

int main(int argc, char **argv)
{
    size_t size;

    if (argc != 3) fail("usage", "setsd PATH SDDL | --root PATH | --get PATH");
    if (!strcmp(argv[1], "--get")) return print_sd(argv[2]);
    if (!strcmp(argv[1], "--root")) {
        if (setxattr(argv[2], "user.ntwine.root", "1", 1, 0)) fail(argv[2], strerror(errno));
        return 0;
    }
    size = parse(argv[2]);
    if (setxattr(argv[1], "user.ntwine.sd", blob, size, 0)) fail(argv[1], strerror(errno));
    return 0;
}
