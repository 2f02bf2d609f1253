/* See clock.h. */
#include "clock.h"

/* Neither call fails since Windows XP; the frequency is constant while the system runs.
 * https://learn.microsoft.com/windows/win32/sysinfo/acquiring-high-resolution-time-stamps */
uint64_t sbx_clock_us(void)
{
    LARGE_INTEGER frequency = {0};
    LARGE_INTEGER now = {0};
    uint64_t ticks, per_second;

    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    ticks = (uint64_t)now.QuadPart;
    per_second = frequency.QuadPart > 0 ? (uint64_t)frequency.QuadPart : 1;
    /* Seconds and rest apart: ticks * 1,000,000 overflows after 21 days at 10 MHz. */
    return ticks / per_second * 1000000u + ticks % per_second * 1000000u / per_second;
}

uint64_t sbx_clock_ms(void)
{
    return sbx_clock_us() / 1000u;
}

uint32_t sbx_clock_left_ms(uint64_t deadline_ms)
{
    uint64_t now_ms = sbx_clock_ms();
    uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;

    return left_ms < INFINITE - 1u ? (uint32_t)left_ms : INFINITE - 1u;
}
