/*
 * Exit codes of probe.exe: distinct, and none of them a code that a shell, a loader or our own
 * programs use, so that a probe which never ran cannot look like an answer.
 */
#ifndef PROBE_H
#define PROBE_H

enum probe_outcome {
    PROBE_SUCCEEDED = 70,
    PROBE_DENIED = 71,
    PROBE_NOT_FOUND = 72,
    PROBE_BROKEN = 73
};

#endif
