/* The doubles of the filtering platform and the firewall, and sockets, which ask the filters. */

#define COBJMACROS
#define INITGUID
#include "probe.h"
#include <fwpmu.h>
#include <netfw.h>

/* ---- firewall ---- */

DEFINE_GUID(probe_provider, 0x11111111, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
DEFINE_GUID(probe_sublayer, 0x22222222, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
DEFINE_GUID(probe_filter, 0x33333333, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3);
DEFINE_GUID(connect_v4, 0xc38d57d1, 0x05a7, 0x4c33, 0x90, 0x4f, 0x7f, 0xbc, 0xee, 0xe6, 0x0e, 0x82);
DEFINE_GUID(listen_v4, 0x88bb5dad, 0x76d7, 0x4227, 0x9c, 0x71, 0xdf, 0x0a, 0x3e, 0xd7, 0xbe, 0x7e);
DEFINE_GUID(user_id, 0xaf043a0a, 0xb34d, 0x4f86, 0x97, 0x9c, 0xc9, 0x03, 0x71, 0xaf, 0x6e, 0x66);
DEFINE_GUID(remote_port, 0xc35a604d, 0xd22b, 0x4e1a, 0x91, 0xb4, 0x68, 0xf6, 0x74, 0xee, 0x67, 0x4b);

DEFINE_GUID(protocol, 0x3971ef2b, 0x623e, 0x4f9a, 0x8c, 0xb1, 0x6e, 0x79, 0xb8, 0x06, 0xb9, 0xa7);

void test_wfp(void)
{
    FWPM_PROVIDER0 provider = {.providerKey = probe_provider, .displayData = {L"probe", L""}};
    FWPM_SUBLAYER0 sublayer = {.subLayerKey = probe_sublayer, .displayData = {L"probe", L""}, .weight = 7};
    FWP_RANGE0 range = {{FWP_UINT16, {.uint16 = 8000}}, {FWP_UINT16, {.uint16 = 8010}}};
    FWPM_FILTER_CONDITION0 conditions[2] = {{.fieldKey = user_id, .conditionValue.type = FWP_SECURITY_DESCRIPTOR_TYPE},
                                            {.fieldKey = remote_port, .matchType = FWP_MATCH_RANGE, .conditionValue.type = FWP_RANGE_TYPE}};
    FWPM_FILTER0 filter = {.filterKey = probe_filter, .displayData = {L"probe", L""}, .numFilterConditions = 2, .layerKey = connect_v4};
    FWPM_FILTER0 *got = NULL;
    PSECURITY_DESCRIPTOR sd;
    FWP_BYTE_BLOB blob;
    HANDLE engine;
    UINT64 id = 0;

    ConvertStringSecurityDescriptorToSecurityDescriptorA("O:SYG:SYD:(A;;CC;;;" CAP ")", 1, &sd, NULL);
    blob.data = sd;
    blob.size = GetSecurityDescriptorLength(sd);
    conditions[0].conditionValue.sd = &blob;
    conditions[1].conditionValue.rangeValue = &range;
    filter.filterCondition = conditions;
    filter.subLayerKey = probe_sublayer;
    filter.providerKey = (GUID *)&probe_provider;
    filter.action.type = FWP_ACTION_PERMIT;
    filter.weight.type = FWP_UINT8;
    filter.weight.uint8 = 9;
    is("wfp__opens", FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine), 0);
    is("wfp__filter-without-its-provider", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320005);
    is("wfp__begins", FwpmTransactionBegin0(engine, 0), 0);
    is("wfp__begins-twice", FwpmTransactionBegin0(engine, 0), 0x8032000E);
    is("wfp__provider", FwpmProviderAdd0(engine, &provider, NULL), 0);
    is("wfp__aborts", FwpmTransactionAbort0(engine), 0);
    is("wfp__aborted-provider-is-gone", FwpmProviderDeleteByKey0(engine, &probe_provider), 0x80320005);
    FwpmTransactionBegin0(engine, 0);
    is("wfp__provider-again", FwpmProviderAdd0(engine, &provider, NULL), 0);
    is("wfp__provider-twice", FwpmProviderAdd0(engine, &provider, NULL), 0x80320009);
    is("wfp__sublayer", FwpmSubLayerAdd0(engine, &sublayer, NULL), 0);
    is("wfp__filter", FwpmFilterAdd0(engine, &filter, NULL, &id), 0);
    is("wfp__commits", FwpmTransactionCommit0(engine), 0);
    is("wfp__commits-twice", FwpmTransactionCommit0(engine), 0x8032000D);
    is("wfp__reads-back", FwpmFilterGetByKey0(engine, &probe_filter, &got), 0);
    check("wfp__reads-back-all", got && got->filterId == id && got->numFilterConditions == 2 && got->weight.uint8 == 9 && got->action.type == FWP_ACTION_PERMIT &&
          got->filterCondition[0].conditionValue.sd->size == blob.size && !memcmp(got->filterCondition[0].conditionValue.sd->data, sd, blob.size) &&
          got->filterCondition[1].conditionValue.rangeValue->valueHigh.uint16 == 8010, "something else");
    FwpmFreeMemory0((void **)&got);
    is("wfp__sublayer-in-use", FwpmSubLayerDeleteByKey0(engine, &probe_sublayer), 0x8032000A);
    filter.layerKey = listen_v4;
    filter.filterKey = probe_provider;
    is("wfp__no-remote-port-at-the-listen-layer", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320002);
    filter.layerKey = connect_v4;
    conditions[1].matchType = FWP_MATCH_EQUAL;
    is("wfp__a-range-is-matched-as-a-range", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320027);
    conditions[1].conditionValue.type = FWP_UINT32;
    conditions[1].conditionValue.uint32 = 8000;
    is("wfp__a-port-has-16-bits", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320027);
    conditions[1].matchType = FWP_MATCH_RANGE;
    is("wfp__a-range-match-takes-a-range", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320026);
    conditions[1].matchType = FWP_MATCH_FLAGS_ALL_SET;
    conditions[1].conditionValue.type = FWP_UINT16;
    is("wfp__flags-are-32-bits", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320026);
    conditions[0].matchType = FWP_MATCH_NOT_EQUAL;
    is("wfp__no-not-equal-of-descriptors", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320026);
    conditions[0].matchType = FWP_MATCH_EQUAL;
    conditions[1].fieldKey = protocol;
    conditions[1].matchType = FWP_MATCH_EQUAL;
    conditions[1].conditionValue.type = FWP_UINT8;
    conditions[1].conditionValue.uint8 = 6;
    filter.layerKey = listen_v4;
    is("wfp__no-protocol-at-the-listen-layer", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320002);
    filter.layerKey = probe_filter;
    is("wfp__unknown-layer", FwpmFilterAdd0(engine, &filter, NULL, &id), 0x80320004);
    is("wfp__filter-deleted", FwpmFilterDeleteByKey0(engine, &probe_filter), 0);
    is("wfp__filter-deleted-twice", FwpmFilterDeleteByKey0(engine, &probe_filter), 0x80320003);
    is("wfp__sublayer-deleted", FwpmSubLayerDeleteByKey0(engine, &probe_sublayer), 0);
    is("wfp__provider-deleted", FwpmProviderDeleteByKey0(engine, &probe_provider), 0);
    is("wfp__closes", FwpmEngineClose0(engine), 0);
}

/* ---- sockets ask the filters ---- */

static int socket_code(bool to_listen, struct sockaddr_in *address)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int code = 0;

    if (to_listen ? bind(s, (struct sockaddr *)&any, sizeof(any)) || listen(s, 5) : connect(s, (struct sockaddr *)address, sizeof(*address)))
        code = WSAGetLastError();
    closesocket(s);
    return code;
}

/* One filter of weight `weight`, with a user condition, and one on the remote port when `low` is set. */
static void put_filter(HANDLE engine, const GUID *layer, const char *users, UINT64 weight, FWP_ACTION_TYPE action, UINT16 low)
{
    FWP_RANGE0 range = {{FWP_UINT16, {.uint16 = low}}, {FWP_UINT16, {.uint16 = 0xffff}}};
    FWPM_FILTER_CONDITION0 conditions[2] = {{.fieldKey = user_id, .conditionValue.type = FWP_SECURITY_DESCRIPTOR_TYPE},
                                            {.fieldKey = remote_port, .matchType = FWP_MATCH_RANGE, .conditionValue.type = FWP_RANGE_TYPE}};
    FWPM_FILTER0 filter = {.displayData = {L"probe", L""}, .numFilterConditions = low ? 2 : 1, .layerKey = *layer, .subLayerKey = probe_sublayer};
    PSECURITY_DESCRIPTOR sd;
    FWP_BYTE_BLOB blob;

    filter.filterKey = probe_filter;
    filter.filterKey.Data2 = (unsigned short)weight;
    ConvertStringSecurityDescriptorToSecurityDescriptorA(users, 1, &sd, NULL);
    blob.data = sd;
    blob.size = GetSecurityDescriptorLength(sd);
    conditions[0].conditionValue.sd = &blob;
    conditions[1].conditionValue.rangeValue = &range;
    filter.filterCondition = conditions;
    filter.action.type = action;
    filter.weight.type = FWP_UINT64;
    filter.weight.uint64 = &weight;
    is("sockets__filter", FwpmFilterAdd0(engine, &filter, NULL, NULL), 0);
}

static void drop_filter(HANDLE engine, UINT64 weight)
{
    GUID key = probe_filter;

    key.Data2 = (unsigned short)weight;
    is("sockets__filter-deleted", FwpmFilterDeleteByKey0(engine, &key), 0);
}

void test_sockets(void)
{
    static const char everyone[] = "O:SYG:SYD:(A;;CC;;;WD)", nobody[] = "O:SYG:SYD:(A;;CC;;;" CAP ")";
    FWPM_SUBLAYER0 sublayer = {.subLayerKey = probe_sublayer, .displayData = {L"probe", L""}, .weight = 7};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int length = sizeof(address);
    HANDLE engine;
    WSADATA data;
    SOCKET server;

    is("sockets__start", WSAStartup(MAKEWORD(2, 2), &data), 0);
    server = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    is("sockets__server", bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 20) || getsockname(server, (struct sockaddr *)&address, &length), 0);
    is("sockets__no-filter-connects", socket_code(false, &address), 0);
    FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine);
    is("sockets__sublayer", FwpmSubLayerAdd0(engine, &sublayer, NULL), 0);
    put_filter(engine, &connect_v4, nobody, 1, FWP_ACTION_BLOCK, 0);
    is("sockets__blocked-for-another-user-connects", socket_code(false, &address), 0);
    put_filter(engine, &connect_v4, everyone, 2, FWP_ACTION_BLOCK, 0);
    is("sockets__blocked-for-everyone-is-refused", socket_code(false, &address), WSAEACCES);
    is("sockets__connect-layer-does-not-stop-listening", socket_code(true, NULL), 0);
    put_filter(engine, &connect_v4, everyone, 3, FWP_ACTION_PERMIT, 0xffff);
    is("sockets__permit-of-another-port-does-not-help", socket_code(false, &address), WSAEACCES);
    put_filter(engine, &connect_v4, everyone, 4, FWP_ACTION_PERMIT, 1024);
    is("sockets__heavier-permit-connects", socket_code(false, &address), 0);
    put_filter(engine, &connect_v4, everyone, 5, FWP_ACTION_BLOCK, 1024);
    is("sockets__still-heavier-block-is-refused", socket_code(false, &address), WSAEACCES);
    put_filter(engine, &listen_v4, everyone, 6, FWP_ACTION_BLOCK, 0);
    is("sockets__listen-layer-stops-listening", socket_code(true, NULL), WSAEACCES);
    for (length = 1; length <= 6; length++) drop_filter(engine, (UINT64)length);
    is("sockets__filters-gone-connects", socket_code(false, &address), 0);
    is("sockets__sublayer-gone", FwpmSubLayerDeleteByKey0(engine, &probe_sublayer), 0);
    FwpmEngineClose0(engine);
    closesocket(server);
}

void test_firewall(void)
{
    BSTR name = SysAllocString(L"probe rule"), users = SysAllocString(L"D:(A;;CC;;;" L"S-1-5-21-4000000001-4000000002-4000000003-4000000004)"), text = NULL;
    INetFwPolicy2 *policy = NULL;
    INetFwRules *rules = NULL;
    INetFwRule3 *rule = NULL, *found3 = NULL;
    INetFwRule *found = NULL;
    LONG count = -1;

    CoInitialize(NULL);
    is("firewall__policy", CoCreateInstance(&CLSID_NetFwPolicy2, NULL, CLSCTX_INPROC_SERVER, &IID_INetFwPolicy2, (void **)&policy), S_OK);
    is("firewall__rule", CoCreateInstance(&CLSID_NetFwRule, NULL, CLSCTX_INPROC_SERVER, &IID_INetFwRule3, (void **)&rule), S_OK);
    if (!policy || !rule) return;
    is("firewall__rules", INetFwPolicy2_get_Rules(policy, &rules), S_OK);
    is("firewall__ports-before-the-protocol-refused", INetFwRule3_put_RemotePorts(rule, SysAllocString(L"80")), E_INVALIDARG);
    is("firewall__rule-without-a-name-refused", INetFwRules_Add(rules, (INetFwRule *)rule), E_INVALIDARG);
    INetFwRule3_put_Name(rule, name);
    INetFwRule3_put_Protocol(rule, NET_FW_IP_PROTOCOL_TCP);
    is("firewall__ports", INetFwRule3_put_RemotePorts(rule, SysAllocString(L"80,443")), S_OK);
    is("firewall__users-must-be-sddl", INetFwRule3_put_LocalUserAuthorizedList(rule, name), E_INVALIDARG);
    is("firewall__users", INetFwRule3_put_LocalUserAuthorizedList(rule, users), S_OK);
    is("firewall__added", INetFwRules_Add(rules, (INetFwRule *)rule), S_OK);
    INetFwRules_get_Count(rules, &count);
    is("firewall__counted", count, 1);
    is("firewall__found", INetFwRules_Item(rules, name, &found), S_OK);
    if (found) INetFwRule_QueryInterface(found, &IID_INetFwRule3, (void **)&found3);
    if (found3) INetFwRule3_get_LocalUserAuthorizedList(found3, &text);
    check("firewall__reads-back-users", text && !wcscmp(text, users), "%ls", text);
    is("firewall__removed", INetFwRules_Remove(rules, name), S_OK);
    is("firewall__not-found", INetFwRules_Item(rules, name, &found), HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND));
}
