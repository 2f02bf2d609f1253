/* The smallest program of ours: what `make bench` subtracts. Sleeps argv[1] milliseconds. */
#include "shared/win/win.h"

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    if (argc > 1)
        Sleep((DWORD)wcstoul(argv[1], NULL, 10));
    return 0;
}
