/* Values of the filtering platform as text and back. See fwp.h. */

#include "fwp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void guid_text(const GUID *guid, char *out)
{
    sprintf(out, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid->Data1, guid->Data2, guid->Data3, guid->Data4[0], guid->Data4[1],
            guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5], guid->Data4[6], guid->Data4[7]);
}

void guid_parse(const char *text, GUID *guid)
{
    unsigned part[8] = {0}, a = 0, b = 0, c = 0, i;

    memset(guid, 0, sizeof(*guid));
    if (sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, &part[0], &part[1], &part[2], &part[3], &part[4], &part[5], &part[6],
               &part[7]) != 11) return;
    guid->Data1 = a;
    guid->Data2 = (unsigned short)b;
    guid->Data3 = (unsigned short)c;
    for (i = 0; i < 8; i++) guid->Data4[i] = (unsigned char)part[i];
}

bool is_null(const GUID *guid)
{
    static const GUID null;

    return !memcmp(guid, &null, sizeof(null));
}

void put(struct text *text, const char *data)
{
    size_t size = strlen(data);

    if (text->used + size + 1 > sizeof(text->data)) return;
    memcpy(text->data + text->used, data, size + 1);
    text->used += size;
}

static void put_hex(struct text *text, const void *data, size_t size)
{
    const BYTE *in = data;
    char two[3];

    while (size--) {
        sprintf(two, "%02x", *in++);
        put(text, two);
    }
}

void put_value(struct text *text, DWORD type, const FWP_VALUE0 *value)
{
    char head[16];

    sprintf(head, "%lu:", type);
    put(text, head);
    switch (type) {
    case FWP_UINT8: put_hex(text, &value->uint8, 1); break;
    case FWP_UINT16: put_hex(text, &value->uint16, 2); break;
    case FWP_UINT32: put_hex(text, &value->uint32, 4); break;
    case FWP_UINT64: put_hex(text, value->uint64, 8); break;
    case FWP_BYTE_ARRAY16_TYPE: put_hex(text, value->byteArray16, 16); break;
    case FWP_BYTE_BLOB_TYPE:
    case FWP_SECURITY_DESCRIPTOR_TYPE: put_hex(text, value->byteBlob->data, value->byteBlob->size); break;
    case FWP_SID: put_hex(text, value->sid, sid_size(value->sid)); break;
    case FWP_V4_ADDR_MASK: put_hex(text, value->byteBlob, sizeof(FWP_V4_ADDR_AND_MASK)); break;
    case FWP_V6_ADDR_MASK: put_hex(text, value->byteBlob, sizeof(FWP_V6_ADDR_AND_MASK)); break;
    case FWP_RANGE_TYPE: {
        const FWP_RANGE0 *range = (const FWP_RANGE0 *)value->byteBlob;
        put_value(text, range->valueLow.type, &range->valueLow);
        put(text, "-");
        put_value(text, range->valueHigh.type, &range->valueHigh);
        break;
    }
    }
}

void *take(struct arena *arena, size_t size)
{
    void *at = arena->data + arena->used;

    arena->used += (size + 15) & ~(size_t)15;
    return arena->used <= arena->room ? at : arena->data; /* the room is ample: see begin_arena */
}

bool begin_arena(struct arena *arena, size_t objects)
{
    arena->used = 0;
    arena->room = (objects + 1) * 65536;
    arena->data = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, arena->room);
    return arena->data != NULL;
}

static size_t get_hex(const char **text, BYTE *out)
{
    size_t size = 0;
    unsigned byte;

    for (; sscanf(*text, "%2x", &byte) == 1 && strspn(*text, "0123456789abcdef") >= 2; *text += 2) out[size++] = (BYTE)byte;
    return size;
}

DWORD get_value(struct arena *arena, const char **text, FWP_VALUE0 *value)
{
    static BYTE bytes[16384];
    DWORD type = strtoul(*text, (char **)text, 10);
    size_t size;

    value->type = (FWP_DATA_TYPE)type;
    if (**text == ':') ++*text;
    if (type == FWP_RANGE_TYPE) {
        FWP_RANGE0 *range = take(arena, sizeof(*range));
        get_value(arena, text, &range->valueLow);
        if (**text == '-') ++*text;
        get_value(arena, text, &range->valueHigh);
        value->byteBlob = (FWP_BYTE_BLOB *)range;
        return type;
    }
    size = get_hex(text, bytes);
    if (type <= FWP_UINT32) {
        value->uint32 = 0;
        memcpy(&value->uint32, bytes, size);
    } else if (type == FWP_BYTE_BLOB_TYPE || type == FWP_SECURITY_DESCRIPTOR_TYPE) {
        value->byteBlob = take(arena, sizeof(FWP_BYTE_BLOB));
        value->byteBlob->size = (UINT32)size;
        value->byteBlob->data = take(arena, size);
        memcpy(value->byteBlob->data, bytes, size);
    } else memcpy(value->byteBlob = take(arena, size), bytes, size);
    return type;
}

wchar_t *get_text(struct arena *arena, const char *text)
{
    int count = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *out = take(arena, (size_t)count * sizeof(wchar_t));

    MultiByteToWideChar(CP_UTF8, 0, text, -1, out, count);
    return out;
}
