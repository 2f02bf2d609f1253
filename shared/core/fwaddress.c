/*
 * See fwrule.h: lists of addresses, compared by what they cover.
 *
 * An address is 16 bytes in both families, IPv4 in the last four with its family beside it, so that
 * ranges compare as bytes. What is not understood makes two lists different: a rule that cannot be
 * read back is written again, and then reported.
 */
#include "fwrule.h"

#define RANGES_MAX 64u

struct range {
    bool v6;
    uint8_t first[16], last[16];
};

struct ranges {
    struct range items[RANGES_MAX];
    size_t count;
};

/* Decimal below limit, without sign or leading zeros; moves *at behind it. */
static bool read_number(const char **at, unsigned limit, unsigned *ret)
{
    const char *start = *at;
    unsigned value = 0;

    while (**at >= '0' && **at <= '9' && *at - start < 4)
        value = value * 10 + (unsigned)(*(*at)++ - '0');
    *ret = value;
    return *at > start && value < limit && (*start != '0' || *at == start + 1);
}

static bool read_v4(const char **at, uint8_t bytes[16])
{
    unsigned part, i;

    memset(bytes, 0, 16);
    for (i = 0; i < 4; i++) {
        if (i && *(*at)++ != '.')
            return false;
        if (!read_number(at, 256, &part))
            return false;
        bytes[12 + i] = (uint8_t)part;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Groups of hexadecimal digits with one "::" at most; no embedded IPv4 form. */
static bool read_v6(const char **at, uint8_t bytes[16])
{
    uint16_t group[8] = {0};
    int count = 0, gap = -1, i;

    for (;;) {
        unsigned value = 0;
        int digits = 0;

        if ((*at)[0] == ':' && (*at)[1] == ':' && gap < 0) {
            gap = count;
            *at += 2;
        } else if (count && **at == ':' && hex_digit((*at)[1]) >= 0) {
            ++*at;
        }
        while (digits < 4 && hex_digit(**at) >= 0) {
            value = value * 16 + (unsigned)hex_digit(*(*at)++);
            digits++;
        }
        if (!digits)
            break;
        if (count == 8)
            return false;
        group[count++] = (uint16_t)value;
        if (**at != ':')
            break;
    }
    if (gap < 0 ? count != 8 : count > 7)
        return false;
    memset(bytes, 0, 16);
    for (i = 0; i < count; i++) {
        int place = gap < 0 || i < gap ? i : 8 - count + i;

        bytes[2 * place] = (uint8_t)(group[i] >> 8);
        bytes[2 * place + 1] = (uint8_t)group[i];
    }
    return true;
}

static bool read_address(const char **at, bool *v6, uint8_t bytes[16])
{
    const char *start = *at;

    *v6 = strcspn(start, ":") < strcspn(start, ",-/");
    return *v6 ? read_v6(at, bytes) : read_v4(at, bytes);
}

/* The range of an address and the bits that a subnet leaves open. */
static void widen(struct range *range, const uint8_t open[16])
{
    size_t i;

    for (i = 0; i < 16; i++) {
        range->first[i] = (uint8_t)(range->first[i] & ~open[i]);
        range->last[i] = (uint8_t)(range->first[i] | open[i]);
    }
}

/* "/24", or for IPv4 also "/255.255.255.0". */
static bool read_subnet(const char **at, struct range *range)
{
    uint8_t open[16] = {0};
    unsigned bits, i, from = range->v6 ? 0 : 96;

    if (!range->v6 && strcspn(*at, ".") < strcspn(*at, ",")) {
        if (!read_v4(at, open))
            return false;
        for (i = 12; i < 16; i++)
            open[i] = (uint8_t)~open[i];
    } else {
        if (!read_number(at, 128 - from + 1, &bits))
            return false;
        for (i = from + bits; i < 128; i++)
            open[i / 8] |= (uint8_t)(0x80u >> (i % 8));
    }
    widen(range, open);
    return true;
}

static bool read_range(const char **at, struct range *range)
{
    bool v6 = false;

    if (!read_address(at, &range->v6, range->first))
        return false;
    memcpy(range->last, range->first, 16);
    if (**at == '/')
        return ++*at, read_subnet(at, range);
    if (**at != '-')
        return true;
    ++*at;
    return read_address(at, &v6, range->last) && v6 == range->v6 &&
           memcmp(range->first, range->last, 16) <= 0;
}

static int order(const void *a, const void *b)
{
    const struct range *left = a, *right = b;

    if (left->v6 != right->v6)
        return left->v6 ? 1 : -1;
    return memcmp(left->first, right->first, 16);
}

/* Whether b begins at or before the address behind a's last one. */
static bool joins(const struct range *a, const struct range *b)
{
    uint8_t next[16];
    size_t i = 16;

    memcpy(next, a->last, 16);
    while (i-- && ++next[i] == 0) {
    }
    return a->v6 == b->v6 &&
           (memcmp(b->first, a->last, 16) <= 0 || memcmp(b->first, next, 16) == 0);
}

/* Sort, and join what overlaps or touches: one spelling for every set. */
static void normalise(struct ranges *ranges)
{
    size_t i, kept = 0;

    qsort(ranges->items, ranges->count, sizeof(ranges->items[0]), order);
    for (i = 0; i < ranges->count; i++) {
        struct range *last = kept ? &ranges->items[kept - 1] : NULL;

        if (!last || !joins(last, &ranges->items[i]))
            ranges->items[kept++] = ranges->items[i];
        else if (memcmp(ranges->items[i].last, last->last, 16) > 0)
            memcpy(last->last, ranges->items[i].last, 16);
    }
    ranges->count = kept;
}

static bool read_list(const char *text, struct ranges *ranges)
{
    memset(ranges, 0, sizeof(*ranges));
    for (;;) {
        if (ranges->count == RANGES_MAX || !read_range(&text, &ranges->items[ranges->count]))
            return false;
        ranges->count++;
        if (*text == '\0')
            break;
        if (*text++ != ',')
            return false;
    }
    normalise(ranges);
    return true;
}

bool sbx_fwrule_same_addresses(const char *wanted, const char *got)
{
    struct ranges a, b;
    size_t i;

    if (strcmp(wanted, got) == 0)
        return true;
    if (!read_list(wanted, &a) || !read_list(got, &b) || a.count != b.count)
        return false;
    for (i = 0; i < a.count; i++)
        if (a.items[i].v6 != b.items[i].v6 || memcmp(a.items[i].first, b.items[i].first, 16) != 0 ||
            memcmp(a.items[i].last, b.items[i].last, 16) != 0)
            return false;
    return true;
}
