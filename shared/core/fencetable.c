/* clang-format off: the comment is a table */
/*
 * The table of the network fence. Boundary B16.
 *
 * Rank: of the filters that match, the one with the highest rank decides; no rank holds both blocks
 * and permits. Each row becomes two filters, at the _V4 and the _V6 form of its layer.
 *
 * Compared field by field with Microsoft's documentation (learn.microsoft.com/windows/win32/fwp,
 * .../api/fwpmtypes) and with two shipped products: CX = openai/codex, windows-sandbox-rs/src/wfp
 * (8ea71d1e), SRT = srt-win of anthropic-experimental/sandbox-runtime. Read, not copied.
 *
 * provider     Ours, persistent, without service name: persistent objects return when BFE starts if
 *              their provider has no service name (FwpmProviderAdd0, Object Management). The pages
 *              of the flags say the opposite (..._FLAG_DISABLED), so a DISABLED flag that is read
 *              back is a failure, and the behavioural proof is repeated after a boot. CX: the same
 *              provider. SRT: none, its filters carry a tag in providerData.
 * sub-layer    Ours, persistent, weight 0xFFFF. Sub-layers are asked from the highest weight down
 *              and a block is final (Filter Arbitration), so no lower permit undoes ours. CX, SRT:
 *              0x8000, below whoever takes more. Another sub-layer of 0xFFFF with a hard permit is
 *              the residual; only an administrator can make one.
 * filterKey    Fixed: row id and family, so that each can be read back by key. CX fixed; SRT made
 *              by BFE.
 * flags        PERSISTENT. CLEAR_ACTION_RIGHT on the proxy's permit only: it makes the permit hard,
 *              so that a firewall that blocks loopback does not cut the proxy off. A block is hard
 *              by default ("filter block: hard block"), and one sentence of that page can be read
 *              as if the flag made it soft; without it a block is hard in either reading. Everybody
 *              else's permits in the complement form stay soft: other firewalls go on deciding. CX,
 *              SRT: PERSISTENT only.
 * weight       FWP_UINT64, used as given (Filter Weight Assignment): rank << 60, above every weight
 *              that BFE makes up by itself (below 2^60). CX: FWP_EMPTY, all are blocks. SRT:
 *              explicit, below 2^60.
 * action       FWP_ACTION_BLOCK, FWP_ACTION_PERMIT; no callouts. CX: blocks. SRT: both.
 * layers       CONNECT, LISTEN, RECV_ACCEPT and RESOURCE_ASSIGNMENT, v4 and v6 (ALE Layers): LISTEN
 *              is TCP only, so UDP servers are stopped at ASSIGNMENT and ACCEPT; FLOW_ESTABLISHED
 *              "should not return Block or Permit"; CONNECT_REDIRECT and BIND_REDIRECT are for
 *              callouts. CX: CONNECT and ASSIGNMENT, each for ICMP, DNS and SMB ports only. SRT:
 *              CONNECT only; listening, accepting and ICMP stay open.
 * user         FWPM_CONDITION_ALE_USER_ID, FWP_MATCH_EQUAL, FWP_SECURITY_DESCRIPTOR_TYPE,
 *              self-relative, right FWP_ACTRL_MATCH_FILTER; at all four layers (Filtering
 *              Conditions Available at Each Filtering Layer). On the permit too: a permit without
 *              it (SRT) lets whoever squats a port of the range serve any account. "Not equal"
 *              exists for sortable types only (FWP_MATCH_TYPE), hence OTHERS by deny entries. CX,
 *              SRT: allow the account.
 * protocol     FWP_UINT8, EQUAL or NOT_EQUAL (from Windows 7 on). At ASSIGNMENT TCP must pass,
 *              since an implicit bind belongs to every connect (ALE Layers). Not available at
 *              LISTEN.
 * raw          FWPM_CONDITION_FLAGS, FLAGS_ALL_SET, IS_RAW_ENDPOINT: a raw socket of protocol TCP.
 * address      v4 FWP_UINT32 in host order or FWP_V4_ADDR_MASK, v6 FWP_BYTE_ARRAY16_TYPE. The
 *              permit is for 127.0.0.1 and ::1, where the proxy binds, not for 127.0.0.0/8 as in
 *              SRT.
 * looped       FWPM_CONDITION_FLAGS, FLAGS_ALL_SET, IS_LOOPBACK, at CONNECT and RECV_ACCEPT: the
 *              machine's own other addresses, which no address condition names.
 * ports        FWP_UINT16, host order; FWP_RANGE_TYPE with FWP_MATCH_RANGE. At ASSIGNMENT the port
 *              of an implicit bind may be FWP_EMPTY (FwpmFilterAdd0), which matches no port
 *              condition.
 * descriptor   of the objects themselves: NULL, so BFE's default: administrators and network
 *              configuration operators change them, everyone may only open a session.
 */
/* clang-format on */
#include "fence.h"

/* Do not change: on machines with an older version they are the names of what is to be removed. */
const struct sbx_fence_key sbx_fence_provider_key = {
    0x315c220a, 0xf8a7, 0x4227, {0xa0, 0xe6, 0xa0, 0x41, 0x49, 0x56, 0x13, 0x69}};
const struct sbx_fence_key sbx_fence_sublayer_key = {
    0x3c398561, 0x7ad1, 0x46f0, {0xad, 0xca, 0xd7, 0x13, 0x28, 0xdf, 0xc0, 0x50}};
const char sbx_fence_provider_name[] = "Agent Sandbox";

#define BLOCK SBX_FENCE_BLOCK
#define PERMIT SBX_FENCE_PERMIT
#define NOT_TCP SBX_FENCE_IF_NOT_TCP
#define RAW SBX_FENCE_IF_RAW
#define LOOPNET SBX_FENCE_IF_LOOPNET
#define LOOPED SBX_FENCE_IF_LOOPED
#define TO_PROXY (SBX_FENCE_IF_TCP | SBX_FENCE_IF_HOST | SBX_FENCE_IF_REMOTE_PORT)
#define ON_PROXY SBX_FENCE_IF_LOCAL_PORT
#define CONNECT SBX_FENCE_CONNECT
#define LISTEN SBX_FENCE_LISTEN
#define ACCEPT SBX_FENCE_ACCEPT
#define ASSIGN SBX_FENCE_ASSIGN
#define OFFLINE SBX_FENCE_OFFLINE
#define ONLINE SBX_FENCE_ONLINE
#define SANDBOXED SBX_FENCE_SANDBOXED
#define OTHERS SBX_FENCE_OTHERS
#define NOT_OFFL SBX_FENCE_NOT_OFFLINE
#define ANYONE SBX_FENCE_ANYONE

/* clang-format off */
const struct sbx_fence_row sbx_fence_rows[] = {
    /* id  layer    whose      what   rank when   hard  compl. */
    /* Nobody in the sandbox may serve in the proxy's place: not for itself, not for another run. */
    { 1, LISTEN,  SANDBOXED, BLOCK,  15, ON_PROXY, false, false, "sandbox: no listening on proxy ports"},
    { 2, ASSIGN,  SANDBOXED, BLOCK,  15, ON_PROXY, false, false, "sandbox: no binding of proxy ports"},
    /* The one way out of an offline account: TCP to the agent's proxy. */
    { 3, CONNECT, OFFLINE,   PERMIT, 14, TO_PROXY, true,  false, "offline: TCP to the proxy"},
    /* Offline means offline. */
    { 4, CONNECT, OFFLINE,   BLOCK,  12, 0,        false, false, "offline: no connecting"},
    { 5, LISTEN,  OFFLINE,   BLOCK,  12, 0,        false, false, "offline: no listening"},
    { 6, ACCEPT,  OFFLINE,   BLOCK,  12, 0,        false, false, "offline: no accepting"},
    { 7, ASSIGN,  OFFLINE,   BLOCK,  12, NOT_TCP,  false, false, "offline: no UDP, ICMP or other sockets"},
    { 8, ASSIGN,  OFFLINE,   BLOCK,  12, RAW,      false, false, "offline: no raw sockets"},
    /* An online run reaches no service of this machine and serves nobody on it: no relay. */
    { 9, CONNECT, ONLINE,    BLOCK,  12, LOOPNET,  false, false, "online: no connecting to loopback"},
    {10, CONNECT, ONLINE,    BLOCK,  12, LOOPED,   false, false, "online: no connecting to own addresses"},
    {11, ACCEPT,  ONLINE,    BLOCK,  12, LOOPNET,  false, false, "online: no accepting from loopback"},
    {12, ACCEPT,  ONLINE,    BLOCK,  12, LOOPED,   false, false, "online: no accepting from own addresses"},
    /* Complement form: who is not shown to be somebody else is treated as online (rank 7), and who
     * is not even shown not to be offline as offline (rank 4). */
    {20, CONNECT, OTHERS,    PERMIT,  8, 0,        false, true,  "others: as before (connect)"},
    {21, CONNECT, ANYONE,    BLOCK,   7, LOOPNET,  false, true,  "rest: no connecting to loopback"},
    {22, CONNECT, ANYONE,    BLOCK,   7, LOOPED,   false, true,  "rest: no connecting to own addresses"},
    {23, CONNECT, NOT_OFFL,  PERMIT,  6, 0,        false, true,  "not offline: as before (connect)"},
    {24, CONNECT, ANYONE,    BLOCK,   4, 0,        false, true,  "rest: no connecting"},
    {25, LISTEN,  OTHERS,    PERMIT,  8, 0,        false, true,  "others: as before (listen)"},
    {26, LISTEN,  ANYONE,    BLOCK,   7, ON_PROXY, false, true,  "rest: no listening on proxy ports"},
    {27, LISTEN,  NOT_OFFL,  PERMIT,  6, 0,        false, true,  "not offline: as before (listen)"},
    {28, LISTEN,  ANYONE,    BLOCK,   4, 0,        false, true,  "rest: no listening"},
    {29, ACCEPT,  OTHERS,    PERMIT,  8, 0,        false, true,  "others: as before (accept)"},
    {30, ACCEPT,  ANYONE,    BLOCK,   7, LOOPNET,  false, true,  "rest: no accepting from loopback"},
    {31, ACCEPT,  ANYONE,    BLOCK,   7, LOOPED,   false, true,  "rest: no accepting from own addresses"},
    {32, ACCEPT,  NOT_OFFL,  PERMIT,  6, 0,        false, true,  "not offline: as before (accept)"},
    {33, ACCEPT,  ANYONE,    BLOCK,   4, 0,        false, true,  "rest: no accepting"},
    {34, ASSIGN,  OTHERS,    PERMIT,  8, 0,        false, true,  "others: as before (bind)"},
    {35, ASSIGN,  ANYONE,    BLOCK,   7, ON_PROXY, false, true,  "rest: no binding of proxy ports"},
    {36, ASSIGN,  NOT_OFFL,  PERMIT,  6, 0,        false, true,  "not offline: as before (bind)"},
    {37, ASSIGN,  ANYONE,    BLOCK,   4, NOT_TCP,  false, true,  "rest: no UDP, ICMP or other sockets"},
    {38, ASSIGN,  ANYONE,    BLOCK,   4, RAW,      false, true,  "rest: no raw sockets"},
};
/* clang-format on */
const size_t sbx_fence_row_count = countof(sbx_fence_rows);
