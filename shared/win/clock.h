/* Monotonic time for deadlines and stage timings. */
#ifndef SBX_CLOCK_H
#define SBX_CLOCK_H

#include "win.h"

/** Microseconds since an arbitrary point; never goes back. */
uint64_t sbx_clock_us(void);

/** Milliseconds on the same clock. */
uint64_t sbx_clock_ms(void);

/**
 * Milliseconds from now to a point on that clock, for WaitForSingleObject: 0 when it has passed,
 * never INFINITE.
 */
uint32_t sbx_clock_left_ms(uint64_t deadline_ms);

#endif
