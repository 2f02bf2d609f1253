/* One version for every program, the result JSON and the resource files (also read by windres). */
#ifndef SBX_VERSION_H
#define SBX_VERSION_H

#define SBX_VERSION "0.1.0"
#define SBX_VERSION_NUMBERS 0, 1, 0, 0

#endif
