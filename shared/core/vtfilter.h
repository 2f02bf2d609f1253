/*
 * What a program's output may do to the terminal that shows it (attack row P24).
 *
 * Text, cursor movement, erasing, scrolling, colours and a short list of modes pass. Everything
 * that acts on the host or makes the terminal answer is dropped: the clipboard (OSC 52), titles,
 * hyperlinks, palettes, notifications, all other OSC, DCS, APC, PM and SOS strings; device and
 * status queries, whose answers would be typed into the program as input; window operations; full
 * reset; the answerback. A sequence that is not on the list is dropped whole.
 *
 * Two parsers that disagree are a way around a filter, so none is left to disagree with: what goes
 * out is plain text and sequences that this file has understood completely and writes itself. The
 * opener of a string is never sent, so it does not matter where the terminal thinks it ends. C1
 * controls are dropped in both spellings (as U+0080 to U+009F, and as single bytes, which are not
 * UTF-8): bytes that are not UTF-8 become '?'.
 *
 * A stream: feed it in parts of any size; what is fed in one part or in many comes out the same.
 * Pure.
 */
#ifndef SBX_VTFILTER_H
#define SBX_VTFILTER_H

#include "base.h"
#include "buf.h"
#include "error.h"

#define SBX_VT_SEQUENCE_MAX 64u /* bytes of one control sequence; longer ones are dropped */

struct sbx_vtfilter {
    int state;                          /* of vtfilter.c */
    char sequence[SBX_VT_SEQUENCE_MAX]; /* between the introducer and the final byte */
    size_t sequence_bytes;
    char character[4]; /* the start of a UTF-8 character */
    size_t character_bytes, character_needs;
    uint64_t dropped; /* sequences and controls */
    bool asked;       /* among them: what kind of terminal it is (CSI c) */
};

/** Start. {0} is the same. */
void sbx_vtfilter_init(struct sbx_vtfilter *filter);

/**
 * Filter the next part.
 * @param ret_out appended to; never longer than what was fed since the start
 * @return SBX_OOM, SBX_INVALID at the buffer's cap
 */
SBX_MUST_CHECK enum sbx_status sbx_vtfilter_feed(struct sbx_vtfilter *filter, const char *bytes,
    size_t length_bytes, struct sbx_buf *ret_out, struct sbx_error *err);

/**
 * What leaves the terminal as the program found it: main screen, visible cursor of the terminal's
 * own shape, no colours, no mode, margin or character set that the filter lets through. Sent when
 * the program has ended, however it ended.
 */
extern const char sbx_vtfilter_reset[];

/*
 * The answer to `asked`, as input: a terminal of class 1 with colours, whatever it is in truth.
 * Console hosts from the end of 2024 on ask when they start and hold the program back until they
 * are answered, or 3 s have passed. Once is enough: a program that asks has a host that answers.
 * @see https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences#query-state
 */
extern const char sbx_vtfilter_attributes[];

#endif
