/*
 * `agent run --tty`: the caller's terminal on the other side of the child's pseudo console.
 *
 * A console at the caller is put into raw mode for as long as the command runs (keys as escape
 * sequences, Ctrl-C as a key, so it reaches the program and not us); its size is followed. The
 * screen goes through the filter of core/vtfilter.h, or, where the caller asked for all of it and
 * gave a pipe or file, there directly. Keys are copied by a thread: a pseudo console ends with its
 * input, so the end of the caller's is not passed on; keyboards have none. At the end, however it
 * came, the terminal is left as it was found.
 *
 * @see https://learn.microsoft.com/windows/console/setconsolemode
 *      https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences
 */
#ifndef SBX_AGENT_TTY_H
#define SBX_AGENT_TTY_H

#include "session.h"
#include "shared/core/vtfilter.h"

struct sbx_tty {
    bool pass;                      /* as given: escape sequences are not filtered */
    struct sbx_session_tty session; /* size and its changes; size as given, 0: ask the console */
    volatile LONG packed;           /* the last size */
    HANDLE in, out;                 /* the caller's; borrowed; NULL: none */
    bool in_is_console, out_is_console;
    unsigned long in_mode, out_mode;
    unsigned out_code_page;
    HANDLE child[2]; /* to hand over; owned where it is a pipe end made here */
    HANDLE keys;     /* our end of the keyboard's pipe */
    bool owned[2];
    HANDLE screen;  /* our end of the screen's pipe */
    HANDLE answers; /* the keyboard's pipe again, for what the console host asks; NULL: answered */
    HANDLE threads[3];
    volatile LONG ended;
};

/**
 * @param size 0 x 0: the console's, or 80 x 25
 * @param pass the caller asked for the escape sequences as they are
 */
void sbx_tty_init(struct sbx_tty *tty, const struct sbx_tty_size *size, bool pass);

/** For sbx_run: streams whose context is `tty`, which must not move. */
struct sbx_session_streams sbx_tty_streams(struct sbx_tty *tty);

#endif
