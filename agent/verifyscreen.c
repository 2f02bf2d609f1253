/*
 * See verifycheck.h: what a command's output does to the terminal that shows it. The filter is fed
 * here; no terminal is touched.
 */
#include "verifychecks.h"

#include "shared/core/vtfilter.h"

#include <stdio.h>

#define E "\x1b"

/* What a program may leave on, and what takes it off again. */
static const struct {
    const char *set, *undo;
} stays[] = {
    {E "[4h", E "[4l"},                     /* what is typed pushes the line aside */
    {E "[?1h", E "[?1l"},                   /* cursor keys send other sequences */
    {E "[?7l", E "[?7h"},                   /* lines do not wrap */
    {E "[?25l", E "[?25h"},                 /* no cursor */
    {E "[?1049h", E "[?1049l"},             /* the other screen */
    {E "[?2004h", E "[?2004l"},             /* what is pasted comes in brackets */
    {E "=", E ">"},                         /* the keypad sends other sequences */
    {E "[2;5r", E "[r"},                    /* a part of the screen scrolls */
    {E "(0", E "(B"},                       /* letters are lines */
    {E ")0", E ")B"}, {E "[5 q", E "[0 q"}, /* another cursor */
    {E "[31m", E "[0m"},                    /* a colour */
};

/* What acts on the host, or makes the terminal answer as if somebody typed. */
static const char *const acts[] = {E "]52;c;Zm9v\a", E "]0;title\a", E "]8;;http://a/\a", E "[c",
    E "[6n", E "[21t", E "[20h", E "[?1000h", E "[?9001h", E "P$qm" E "\\", E "c", "\x05",
    "\xc2\x9b"
    "c"};

/* Whether it comes out as it went in. */
static bool passes(const char *text)
{
    struct sbx_vtfilter filter;
    struct sbx_buf out;
    bool same;

    sbx_vtfilter_init(&filter);
    sbx_buf_init(&out, 256);
    same = !sbx_vtfilter_feed(&filter, text, strlen(text), &out, NULL) &&
           out.length_bytes == strlen(text) && memcmp(out.data, text, out.length_bytes) == 0;
    sbx_buf_done(&out);
    return same;
}

/* @param reset what is sent at the end. @return whether something stays on */
static bool something_stays(const char *reset)
{
    size_t i;

    for (i = 0; i < countof(stays); i++)
        if (passes(stays[i].set) && !strstr(reset, stays[i].undo))
            return true;
    return false;
}

enum sbx_status sbx_verify_check_terminal(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    bool bad = something_stays(sbx_vtfilter_reset);
    size_t i;

    (void)err;
    for (i = 0; i < countof(acts); i++)
        bad = bad || passes(acts[i]);
    seen->inside_ran = seen->twin_ran = true;
    seen->confined = check->report->confined; /* as the runs before: nothing runs here */
    seen->ping = passes("text \xc3\xa4 " E "[1m" E "[2;3H") ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    /* The twin: nothing sent at the end, and what was let through stays. */
    seen->twin = something_stays("") ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    seen->inside = bad ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
    return SBX_OK;
}
