/* See latenet.h. */
#include "latenet.h"
#include "late_internal.h"

static struct sbx_late_entry entries[SBX_LATENET_COUNT] = {SBX_LATENET_LIST(SBX_LATE_ENTRY)};

#define ACCESSOR(id, dll, name, result, params)                                                    \
    sbx_latenet_fn_##id sbx_latenet_##id(void)                                                     \
        SBX_LATE_GET(sbx_latenet_fn_##id, &entries[SBX_LATENET_##id])
SBX_LATENET_LIST(ACCESSOR)

enum sbx_status sbx_latenet_need(
    enum sbx_latenet_id first, enum sbx_latenet_id last, struct sbx_error *err)
{
    unsigned id;

    for (id = first; id <= (unsigned)last; id++)
        if (!sbx_late_find(&entries[id]))
            return sbx_late_refuse(&entries[id], err);
    return SBX_OK;
}
