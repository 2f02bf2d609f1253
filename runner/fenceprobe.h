/*
 * command-runner.exe --fence-probe: tries the network from inside the sandbox, for setup's
 * behavioural proof. It opens sockets on loopback, closes them, prints one JSON line, and does
 * nothing else; whoever may start programs may do as much. Winsock is loaded late.
 *
 *   --fence-probe --open A --ports F-L [--token own|deny-only|restricted]
 *
 * A is a port outside the proxy range, F one inside it, on which the caller listens on 127.0.0.1
 * and ::1, TCP and UDP. `--token` says as whom: the process's own token, or one derived from it,
 * impersonated while the sockets are made.
 */
#ifndef SBX_FENCEPROBE_H
#define SBX_FENCEPROBE_H

#include "shared/core/fencereport.h"
#include "shared/win/win.h"

/** True when this is how the program was started. */
bool sbx_fenceprobe_asked(const wchar_t *command_line_w);

/**
 * Run the probe and write one JSON line (sbx_fence_report_format) to standard output.
 * @return exit code: 0 a report was written, 2 usage, 125 no report could be made
 */
int sbx_fenceprobe_run(const wchar_t *command_line_w);

#endif
