/* See vtfilter.h. States and transitions are those of ECMA-48, without the 8-bit forms. */
#include "vtfilter.h"

#include "utf.h"

#define ESC 0x1b
#define REPEAT_MAX 4096u

enum state {
    GROUND = 0,
    ESCAPE,       /* after ESC */
    INTERMEDIATE, /* ESC and an intermediate byte: charset designations and the like */
    CONTROL,      /* ESC [ */
    TOO_LONG,     /* ESC [ with more bytes than any sequence on the list has */
    STRING,       /* ESC ] P X ^ _ : dropped up to its end */
    STRING_ESC    /* an ESC inside a string: its end, or the start of something else */
};

const char sbx_vtfilter_reset[] =
    "\x1b[?1049l\x1b[?1l\x1b[?7h\x1b[?25h\x1b[?2004l\x1b[4l\x1b>\x1b[r\x1b(B\x1b)B\x1b[0 q\x1b[0m";

const char sbx_vtfilter_attributes[] = "\x1b[?61;22c";

void sbx_vtfilter_init(struct sbx_vtfilter *filter)
{
    memset(filter, 0, sizeof(*filter));
}

/* --- what passes ------------------------------------------------------------------------------ */

/* Private modes (CSI ? n h): cursor keys, wrap, blink, visible, screens, bracketed paste. */
static bool is_mode_allowed(const char *number, size_t length)
{
    static const char *const modes[] = {"1", "7", "12", "25", "47", "1047", "1048", "1049", "2004"};
    size_t i;

    for (i = 0; i < countof(modes); i++)
        if (strlen(modes[i]) == length && memcmp(modes[i], number, length) == 0)
            return true;
    return false;
}

/* "?1;25": every one of them must be on the list. */
static bool are_modes_allowed(const char *text, size_t length)
{
    size_t at = 0, n;

    while (at <= length) {
        for (n = 0; at + n < length && text[at + n] != ';'; n++)
            ;
        if (!is_mode_allowed(text + at, n))
            return false;
        at += n + 1;
    }
    return true;
}

static bool is_parameters(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || text[i] == ';' || text[i] == ':'))
            return false;
    return true;
}

/* Repeating one character is text that need not be sent; a large count is a flood. */
static bool is_small(const char *text, size_t length)
{
    unsigned number = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || number > REPEAT_MAX)
            return false;
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number <= REPEAT_MAX;
}

/* Primary device attributes, ECMA-48 8.3.24: CSI c, CSI 0 c. */
static bool is_question(const char *text, size_t length, char final)
{
    return final == 'c' && (!length || (length == 1 && text[0] == '0'));
}

/*
 * ECMA-48 8.3: cursor A-H a d e f ` I Z, erase J K X, insert and delete @ L M P, scroll S T,
 * margins r, colours m, save and restore s u, insert mode 4. Tab stops (g, ESC H) do not pass:
 * nothing that the list lets through puts them back.
 */
static bool is_control_allowed(const char *text, size_t length, char final)
{
    if (length && text[0] == '?')
        return (final == 'h' || final == 'l')
                   ? are_modes_allowed(text + 1, length - 1)
                   : (final == 'J' || final == 'K') && is_parameters(text + 1, length - 1);
    if (length == 2 && text[1] == ' ' && text[0] >= '0' && text[0] <= '6')
        return final == 'q'; /* shape of the cursor */
    if (!is_parameters(text, length))
        return false;
    if (final == 'b')
        return is_small(text, length);
    if (final == 'h' || final == 'l')
        return length == 1 && text[0] == '4';
    return final && strchr("ABCDEFGHIJKLMPSTXZ@`adefmrsu", final) != NULL;
}

static bool is_escape_allowed(char final)
{
    return final && strchr("78DEM=>", final) != NULL;
}

/* ESC ( 0 and ESC ( B: line drawing and back. */
static bool is_designation_allowed(const char *text, size_t length, char final)
{
    return length == 1 && (text[0] == '(' || text[0] == ')') && (final == '0' || final == 'B');
}

/* --- the machine ------------------------------------------------------------------------------ */

static enum sbx_status put_sequence(struct sbx_vtfilter *filter, const char *introducer, char final,
    bool allowed, struct sbx_buf *out, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    filter->state = GROUND;
    if (!allowed) {
        filter->dropped++;
        return SBX_OK;
    }
    status = sbx_buf_puts(out, introducer, err);
    if (!status && filter->sequence_bytes)
        status = sbx_buf_add(out, filter->sequence, filter->sequence_bytes, err);
    return status ? status : sbx_buf_putc(out, final, err);
}

static void keep(struct sbx_vtfilter *filter, char c, enum state too_long)
{
    if (filter->sequence_bytes < sizeof(filter->sequence))
        filter->sequence[filter->sequence_bytes++] = c;
    else
        filter->state = too_long;
}

static enum sbx_status after_escape(
    struct sbx_vtfilter *filter, char c, struct sbx_buf *out, struct sbx_error *err)
{
    filter->sequence_bytes = 0;
    if (c == '[') {
        filter->state = CONTROL;
    } else if (strchr("]PX^_", c)) {
        filter->state = STRING;
        filter->dropped++;
    } else if (c >= 0x20 && c <= 0x2f) {
        filter->state = INTERMEDIATE;
        keep(filter, c, TOO_LONG);
    } else {
        return put_sequence(filter, "\x1b", c, is_escape_allowed(c), out, err);
    }
    return SBX_OK;
}

static enum sbx_status in_sequence(
    struct sbx_vtfilter *filter, char c, struct sbx_buf *out, struct sbx_error *err)
{
    const bool is_control = filter->state == CONTROL;
    bool allowed;

    if (c >= 0x20 && c <= (is_control ? 0x3f : 0x2f)) {
        keep(filter, c, TOO_LONG);
        return SBX_OK;
    }
    allowed = is_control ? is_control_allowed(filter->sequence, filter->sequence_bytes, c)
                         : is_designation_allowed(filter->sequence, filter->sequence_bytes, c);
    if (is_control && is_question(filter->sequence, filter->sequence_bytes, c))
        filter->asked = true;
    return put_sequence(filter, is_control ? "\x1b[" : "\x1b", c, allowed, out, err);
}

/* Controls act at once, also inside a sequence; those of the list are sent, the others dropped. */
static enum sbx_status put_control(
    struct sbx_vtfilter *filter, char c, struct sbx_buf *out, struct sbx_error *err)
{
    if (strchr("\a\b\t\n\v\f\r", c))
        return sbx_buf_putc(out, c, err);
    filter->dropped++;
    return SBX_OK;
}

/* One byte below 0x80 that is no part of a character. */
static enum sbx_status feed_ascii(
    struct sbx_vtfilter *filter, char c, struct sbx_buf *out, struct sbx_error *err)
{
    const bool in_string = filter->state == STRING || filter->state == STRING_ESC;

    if (c == ESC) {
        filter->state = in_string ? STRING_ESC : ESCAPE;
        return SBX_OK;
    }
    if (c == 0x18 || c == 0x1a) { /* CAN, SUB end whatever is open */
        filter->dropped += filter->state != GROUND;
        filter->state = GROUND;
        return SBX_OK;
    }
    if (filter->state == STRING_ESC) {
        filter->state = GROUND;
        return c == '\\' ? SBX_OK : after_escape(filter, c, out, err);
    }
    if (filter->state == STRING) {
        if (c == '\a') /* ends an OSC; a terminal that goes on in a DCS never saw it begin */
            filter->state = GROUND;
        return SBX_OK;
    }
    if ((unsigned char)c < 0x20)
        return c && filter->state == GROUND ? put_control(filter, c, out, err) : SBX_OK;
    if (c == 0x7f)
        return SBX_OK;
    if (filter->state == ESCAPE)
        return after_escape(filter, c, out, err);
    if (filter->state == CONTROL || filter->state == INTERMEDIATE)
        return in_sequence(filter, c, out, err);
    if (filter->state == TOO_LONG) {
        if (c >= 0x40)
            return put_sequence(filter, "", c, false, out, err);
        return SBX_OK;
    }
    return sbx_buf_putc(out, c, err);
}

/* A whole character, or one byte that is none. Inside a sequence it is no part of any: dropped. */
static enum sbx_status put_character(
    struct sbx_vtfilter *filter, bool valid, struct sbx_buf *out, struct sbx_error *err)
{
    uint32_t point = 0;

    if (filter->state == STRING || filter->state == STRING_ESC)
        return SBX_OK;
    if (filter->state != GROUND) {
        filter->state = GROUND;
        filter->dropped++;
        return SBX_OK;
    }
    if (!valid)
        return sbx_buf_putc(out, '?', err);
    sbx_utf8_decode(filter->character, filter->character_bytes, &point);
    if (point < 0xa0) {
        filter->dropped++; /* C1 */
        return SBX_OK;
    }
    return sbx_buf_add(out, filter->character, filter->character_bytes, err);
}

static size_t bytes_of_lead(unsigned char c)
{
    return c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Give up the character that was begun: its bytes are none. One '?' for all of them. */
static enum sbx_status end_character(
    struct sbx_vtfilter *filter, struct sbx_buf *out, struct sbx_error *err)
{
    enum sbx_status status = put_character(filter, false, out, err);

    filter->character_bytes = 0;
    return status;
}

static enum sbx_status feed_high(
    struct sbx_vtfilter *filter, unsigned char c, struct sbx_buf *out, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const bool lead = bytes_of_lead(c) != 0;

    if (filter->character_bytes && (lead || c > 0xbf))
        status = end_character(filter, out, err);
    if (status)
        return status;
    if (!filter->character_bytes) {
        if (!lead)
            return put_character(filter, false, out, err);
        filter->character_needs = bytes_of_lead(c);
    }
    filter->character[filter->character_bytes++] = (char)c;
    if (filter->character_bytes < filter->character_needs)
        return SBX_OK;
    status = put_character(
        filter, sbx_utf_is_valid(filter->character, filter->character_bytes), out, err);
    filter->character_bytes = 0;
    return status;
}

enum sbx_status sbx_vtfilter_feed(struct sbx_vtfilter *filter, const char *bytes,
    size_t length_bytes, struct sbx_buf *ret_out, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < length_bytes; i++) {
        if ((unsigned char)bytes[i] >= 0x80) {
            status = feed_high(filter, (unsigned char)bytes[i], ret_out, err);
            continue;
        }
        if (filter->character_bytes)
            status = end_character(filter, ret_out, err);
        if (!status)
            status = feed_ascii(filter, bytes[i], ret_out, err);
    }
    return status;
}
