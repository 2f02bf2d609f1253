/* ntwine test double: sockets that ask the recorded filters of the Windows Filtering Platform. ws2_32.dll forwards the
 * rest to Wine's own (wws2_32.dll). bind, connect, ConnectEx, listen, accept and sending datagrams are judged by the
 * filters in the machine state, at the ALE layers, with the caller's effective token; what is blocked fails with
 * WSAEACCES. A model of https://learn.microsoft.com/windows/win32/fwp/filter-arbitration and .../ale-layers, written
 * without a look at the product's own evaluator (shared/core/fencejudge.c), so that the two can disagree. */

#include "double.h"

#include <ws2tcpip.h>
#include <mswsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum layer { CONNECT, LISTEN, ACCEPT, ASSIGN };

static const char *const layers[4][2] = {
    {"c38d57d1-05a7-4c33-904f-7fbceee60e82", "4a72393b-319f-44bc-84c3-ba54dcb3b6b4"},
    {"88bb5dad-76d7-4227-9c71-df0a3ed7be7e", "7ac9de24-17dd-4814-b4bd-a9fbc95a321b"},
    {"e1cd9fe7-f4b5-4273-96c0-592e487b8650", "a3b42c97-9f04-4672-b87e-cee9c483257f"},
    {"1247d66d-0b60-4a15-8d44-7155d0f53a0c", "55a650e1-5f0a-4eca-a653-88f53b26aa8c"}};

#define USER_ID "af043a0a-b34d-4f86-979c-c90371af6e66"
#define PROTOCOL "3971ef2b-623e-4f9a-8cb1-6e79b806b9a7"
#define REMOTE_ADDRESS "b235ae9a-1d64-49b8-a44c-5ff3d9095045"
#define REMOTE_PORT "c35a604d-d22b-4e1a-91b4-68f674ee674b"
#define LOCAL_PORT "0c1ba1af-5765-453f-af22-a8f791ac775b"
#define FLAGS "632ce23b-5167-435c-86d7-e903684aa80c"

/* What one classification looks at. */
struct facts {
    enum layer layer;
    bool v6, has_remote;
    unsigned protocol, flags, remote_port, local_port;
    BYTE remote[16]; /* network order, the first 4 for IPv4 */
    HANDLE token;    /* impersonation token */
};

/* ---- conditions, as fwpfilter.c writes them: "GUID match type:hex; ..." ---- */

static size_t get_hex(const char **text, BYTE *out, size_t room)
{
    size_t size = 0;
    unsigned byte;

    for (; size < room && strspn(*text, "0123456789abcdef") >= 2 && sscanf(*text, "%2x", &byte) == 1; *text += 2) out[size++] = (BYTE)byte;
    return size;
}

static unsigned little_endian(const BYTE *bytes, size_t size)
{
    unsigned value = 0;

    while (size--) value = value << 8 | bytes[size];
    return value;
}

static bool granted(const BYTE *sd, HANDLE token)
{
    GENERIC_MAPPING mapping = {0, 1, 0, 1}; /* write: the reading under which fewer tokens match */
    PRIVILEGE_SET privileges;
    DWORD size = sizeof(privileges), access = 0;
    BOOL ok = FALSE;

    return token && AccessCheck((void *)sd, token, 1, &mapping, &privileges, &size, &access, &ok) && ok;
}

static bool number_matches(unsigned have, unsigned match, unsigned low, unsigned high)
{
    switch (match) {
    case 0: return have == low;
    case 5: return have >= low && have <= high;
    case 6: return (have & low) == low;
    case 7: return (have & low) != 0;
    case 8: return (have & low) == 0;
    case 10: return have != low;
    default: return false;
    }
}

static bool address_matches(const struct facts *facts, unsigned type, const BYTE *value)
{
    unsigned v4 = (unsigned)facts->remote[0] << 24 | facts->remote[1] << 16 | facts->remote[2] << 8 | facts->remote[3];

    if (type == 3) return !facts->v6 && little_endian(value, 4) == v4;
    if (type == 0x100) return !facts->v6 && (little_endian(value, 4) & little_endian(value + 4, 4)) == (v4 & little_endian(value + 4, 4));
    return type == 11 && facts->v6 && !memcmp(value, facts->remote, 16);
}

/* One condition; *text is moved behind it. What is not known does not match: such a filter is not one of ours. */
static bool condition_matches(const char **text, const struct facts *facts)
{
    static BYTE value[20000];
    char key[37] = "";
    unsigned match, type, low, high = 0;
    bool flows = facts->layer == CONNECT || facts->layer == ACCEPT;
    size_t size;

    memcpy(key, *text, 36);
    *text += 37;
    match = strtoul(*text, (char **)text, 10);
    type = strtoul(*text + 1, (char **)text, 10);
    ++*text;
    if (type == 0x102) {
        strtoul(*text, (char **)text, 10);
        ++*text;
    }
    size = get_hex(text, value, sizeof(value));
    low = little_endian(value, size < 4 ? size : 4);
    if (type == 0x102) {
        BYTE top[8] = {0};

        strtoul(*text + 1, (char **)text, 10);
        ++*text;
        high = little_endian(top, get_hex(text, top, 4));
    }
    while (**text == ';' || **text == ' ') ++*text;
    if (!strcmp(key, USER_ID)) return type == 14 && match == 0 && granted(value, facts->token);
    if (!strcmp(key, PROTOCOL)) return facts->layer != LISTEN && number_matches(facts->protocol, match, low, high);
    if (!strcmp(key, REMOTE_ADDRESS)) return flows && match == 0 && address_matches(facts, type, value);
    if (!strcmp(key, REMOTE_PORT)) return flows && number_matches(facts->remote_port, match, low, high);
    if (!strcmp(key, LOCAL_PORT)) return facts->local_port && number_matches(facts->local_port, match, low, high);
    return !strcmp(key, FLAGS) && number_matches(facts->flags, match, low, high);
}

static bool filter_matches(const struct record *record, const struct facts *facts)
{
    const char *text = record_get(record, "conditions");
    bool all = true;

    if (_stricmp(record_get(record, "layer"), layers[facts->layer][facts->v6]) != 0) return false;
    if (strtoul(record_get(record, "flags"), NULL, 0) & 0x20) return false; /* disabled */
    while (*text && all) all = condition_matches(&text, facts);
    return all;
}

static unsigned long long weight_of(const struct record *record)
{
    const char *text = record_get(record, "weight");
    unsigned long long weight = 0;
    BYTE bytes[8] = {0};
    size_t i;

    if (strncmp(text, "4:", 2) != 0) return 0; /* only weights that are used as given */
    text += 2;
    get_hex(&text, bytes, 8);
    for (i = 8; i--;) weight = weight << 8 | bytes[i];
    return weight;
}

/* ---- arbitration ---- */

/* Best matching filter of a sub-layer; of equal ones the permit, since their order is not documented. */
static struct record *best_of(struct machine *machine, const char *sublayer, const struct facts *facts)
{
    struct record *record = NULL, *best = NULL;

    while ((record = record_find(machine, record, "wfp-filter", "sublayer", sublayer))) {
        bool permit = strtoul(record_get(record, "action"), NULL, 0) == 0x1002;
        unsigned long long weight = weight_of(record);

        if (best && (weight < weight_of(best) || (weight == weight_of(best) && !permit))) continue;
        if (filter_matches(record, facts)) best = record;
    }
    return best;
}

/* Sub-layers from the highest weight down: a block is final, a hard permit cannot be taken back. */
static bool blocked(struct machine *machine, const struct facts *facts)
{
    long last = 0x10000, weight;
    bool hard = false, block = false;

    do {
        struct record *sublayer = NULL, *next = NULL, *filter;

        for (weight = -1; (sublayer = record_find(machine, sublayer, "wfp-sublayer", NULL, NULL));) {
            long this_one = strtol(record_get(sublayer, "weight"), NULL, 10);

            if (this_one < last && this_one > weight) {
                weight = this_one;
                next = sublayer;
            }
        }
        if (next && (filter = best_of(machine, record_get(next, "key"), facts))) {
            unsigned long action = strtoul(record_get(filter, "action"), NULL, 0);

            if (action == 0x1001 && !hard) block = true;
            else if (action == 0x1002 && (strtoul(record_get(filter, "flags"), NULL, 0) & 8)) hard = true;
        }
        last = weight;
    } while (!block && !hard && weight >= 0);
    return block;
}

/* The effective token, as an impersonation token, and the state; both are asked as the process: an impersonated token
 * may not even be allowed to look at the process' own. A token that cannot be had matches nothing. */
static bool refused(struct facts *facts)
{
    HANDLE thread = NULL, process = NULL;
    struct machine *machine;
    bool block = false;

    if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY | TOKEN_IMPERSONATE, TRUE, &thread)) SetThreadToken(NULL, NULL);
    machine = machine_load();
    if (record_find(machine, NULL, "wfp-filter", NULL, NULL)) {
        facts->token = thread;
        if (!thread && OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &process)) {
            if (!DuplicateTokenEx(process, TOKEN_QUERY, NULL, SecurityIdentification, TokenImpersonation, &facts->token)) facts->token = NULL;
        }
        block = blocked(machine, facts);
        if (facts->token && facts->token != thread) CloseHandle(facts->token);
        if (process) CloseHandle(process);
    }
    machine_done(machine, FALSE);
    if (thread) {
        SetThreadToken(NULL, thread);
        CloseHandle(thread);
    }
    if (block) WSASetLastError(WSAEACCES);
    return block;
}

/* ---- facts of a socket ---- */

static bool set_address(struct facts *facts, const struct sockaddr *name, unsigned *port)
{
    static const BYTE mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)name;
    const struct sockaddr_in *four = (const struct sockaddr_in *)name;

    if (!name || (name->sa_family != AF_INET && name->sa_family != AF_INET6)) return false;
    *port = ntohs(four->sin_port); /* at the same place in both */
    facts->v6 = name->sa_family == AF_INET6 && memcmp(&six->sin6_addr, mapped, 12) != 0;
    memset(facts->remote, 0, sizeof(facts->remote));
    if (facts->v6) memcpy(facts->remote, &six->sin6_addr, 16);
    else memcpy(facts->remote, name->sa_family == AF_INET6 ? (const BYTE *)&six->sin6_addr + 12 : (const BYTE *)&four->sin_addr, 4);
    return true;
}

static bool is_loopback(const struct facts *facts)
{
    static const BYTE one[16] = {[15] = 1};

    return facts->v6 ? !memcmp(facts->remote, one, 16) : facts->remote[0] == 127;
}

static void of_socket(SOCKET s, enum layer layer, struct facts *facts)
{
    int type = SOCK_STREAM, size = sizeof(type), length = sizeof(struct sockaddr_storage);
    struct sockaddr_storage local = {0};
    unsigned port = 0;

    memset(facts, 0, sizeof(*facts));
    facts->layer = layer;
    getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size);
    facts->protocol = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_RAW;
    if (type == SOCK_RAW) facts->flags |= 0x10;
    if (!getsockname(s, (struct sockaddr *)&local, &length) && set_address(facts, (struct sockaddr *)&local, &port)) facts->local_port = port;
}

static bool bind_refused(SOCKET s, const struct sockaddr *name)
{
    struct facts facts;

    of_socket(s, ASSIGN, &facts);
    return set_address(&facts, name, &facts.local_port) && refused(&facts);
}

/* To a remote end; a socket that is not bound is bound by it, to a port that is not known here. */
static bool send_refused(SOCKET s, const struct sockaddr *to)
{
    struct facts facts;

    of_socket(s, ASSIGN, &facts);
    if (!set_address(&facts, to, &facts.remote_port)) return false;
    if (!facts.local_port && refused(&facts)) return true;
    facts.layer = CONNECT;
    if (is_loopback(&facts)) facts.flags |= 1;
    return refused(&facts);
}

/* ---- the calls ---- */

int WINAPI double_bind(SOCKET s, const struct sockaddr *name, int length)
{
    return bind_refused(s, name) ? SOCKET_ERROR : bind(s, name, length);
}

int WINAPI double_connect(SOCKET s, const struct sockaddr *name, int length)
{
    return send_refused(s, name) ? SOCKET_ERROR : connect(s, name, length);
}

int WINAPI double_WSAConnect(SOCKET s, const struct sockaddr *name, int length, LPWSABUF in, LPWSABUF out, LPQOS qos, LPQOS group)
{
    return send_refused(s, name) ? SOCKET_ERROR : WSAConnect(s, name, length, in, out, qos, group);
}

static LPFN_CONNECTEX wine_connect_ex;

static BOOL WINAPI connect_ex(SOCKET s, const struct sockaddr *name, int length, void *data, DWORD size, DWORD *sent, OVERLAPPED *overlapped)
{
    return send_refused(s, name) ? FALSE : wine_connect_ex(s, name, length, data, size, sent, overlapped);
}

int WINAPI double_WSAIoctl(SOCKET s, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size, DWORD *used, LPWSAOVERLAPPED overlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    static const GUID wanted = WSAID_CONNECTEX;
    int result = WSAIoctl(s, code, in, in_size, out, out_size, used, overlapped, routine);

    if (!result && code == SIO_GET_EXTENSION_FUNCTION_POINTER && in_size >= sizeof(wanted) && !memcmp(in, &wanted, sizeof(wanted)) &&
        out_size >= sizeof(void *)) {
        memcpy(&wine_connect_ex, out, sizeof(void *));
        *(LPFN_CONNECTEX *)out = connect_ex;
    }
    return result;
}

int WINAPI double_listen(SOCKET s, int backlog)
{
    struct facts facts;

    of_socket(s, LISTEN, &facts);
    return refused(&facts) ? SOCKET_ERROR : listen(s, backlog);
}

/* What may not come in is dropped by Windows before the peer knows; here the peer has connected, and is cut off. */
static SOCKET judge_accepted(SOCKET s)
{
    struct sockaddr_storage peer = {0};
    int length = sizeof(peer);
    struct facts facts;

    if (s == INVALID_SOCKET || getpeername(s, (struct sockaddr *)&peer, &length)) return s;
    of_socket(s, ACCEPT, &facts);
    if (!set_address(&facts, (struct sockaddr *)&peer, &facts.remote_port)) return s;
    if (is_loopback(&facts)) facts.flags |= 1;
    if (!refused(&facts)) return s;
    closesocket(s);
    WSASetLastError(WSAECONNRESET);
    return INVALID_SOCKET;
}

SOCKET WINAPI double_accept(SOCKET s, struct sockaddr *name, int *length)
{
    return judge_accepted(accept(s, name, length));
}

SOCKET WINAPI double_WSAAccept(SOCKET s, struct sockaddr *name, int *length, LPCONDITIONPROC condition, DWORD_PTR context)
{
    return judge_accepted(WSAAccept(s, name, length, condition, context));
}

int WINAPI double_sendto(SOCKET s, const char *data, int size, int flags, const struct sockaddr *to, int length)
{
    return send_refused(s, to) ? SOCKET_ERROR : sendto(s, data, size, flags, to, length);
}

int WINAPI double_WSASendTo(SOCKET s, LPWSABUF buffers, DWORD count, DWORD *sent, DWORD flags, const struct sockaddr *to, int length,
                            LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
    return send_refused(s, to) ? SOCKET_ERROR : WSASendTo(s, buffers, count, sent, flags, to, length, overlapped, routine);
}
