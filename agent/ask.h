/*
 * An approval asked on the console of `agent run` (attack row P23).
 *
 * MUSTs:
 *  1. Question and answer go through CONOUT$ and CONIN$, opened here: standard input belongs to
 *     the command, and what is piped into it is no answer.
 *  2. What was typed before the question was shown is thrown away.
 *  3. Text from outside has its control characters replaced.
 *  4. Anything but a whole line with one of the four words is no answer; no answer in time is a
 *     deny.
 *  5. A command must not be able to join this console: it could type the answer itself, for the
 *     next question or for another agent's. That is tried before the first question, by a program
 *     of ours with the very token, job and desktop the command would get (sbx_ask_attach_probe);
 *     where it succeeds, or cannot be tried, nothing is asked here.
 *
 * @see https://learn.microsoft.com/windows/console/attachconsole
 *      https://learn.microsoft.com/windows/console/readconsoleinput
 *      https://learn.microsoft.com/windows/console/flushconsoleinputbuffer
 */
#ifndef SBX_AGENT_ASK_H
#define SBX_AGENT_ASK_H

#include "approve.h"

/**
 * An sbx_ask_fn. @param context not used
 * @return SBX_UNSUPPORTED when this process has no console, SBX_TIMEOUT
 */
SBX_MUST_CHECK enum sbx_status sbx_ask_console(void *context,
    const struct sbx_approval_question *question, struct sbx_approval_answer *ret_answer,
    struct sbx_error *err);

#endif
