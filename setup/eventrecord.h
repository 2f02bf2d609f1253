/*
 * What set-up itself writes to the Windows Event Log (number 8, shared/events.mc): a set-up that no
 * agent started is in no operator's audit log (agent/auditevents.h), and an operator's log is that
 * operator's to change.
 *
 * One event at the end of a run, when the source is registered then; an uninstall writes one before
 * it removes anything, for at its end there is no source. A first installation that fails leaves
 * none either. Best effort: a run does not fail for it, its result says what was not written.
 */
#ifndef SBX_SETUP_EVENTRECORD_H
#define SBX_SETUP_EVENTRECORD_H

#include "context.h"

/**
 * Say that a run is about to remove the installation. Does nothing without our source.
 */
void sbx_setup_event_begins(struct sbx_setup *setup);

/**
 * Say what came of a run. Does nothing without our source, or before sbx_setup_prepare.
 * @param result complete but for its notes; a failure to write is added to setup->notes
 */
void sbx_setup_event_ends(struct sbx_setup *setup, const struct sbx_setup_event *result);

#endif
