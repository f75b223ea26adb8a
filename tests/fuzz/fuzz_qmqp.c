/* fuzz_qmqp.c - a client that speaks, or does not speak, QMQP */
#include "fuzz_talk.h"

const char fuzz_yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: A, type: public, protocol: QMQP, interface: Net,\n"
    "   bare_newline: reject, rat: [example.org],\n"
    "   hat: {defaults: {max_message_size: 1K, max_rcpts_per_msg: 3}}}\n"
    "- {name: B, type: private, protocol: QMQP, interface: Net, port: 26,\n"
    "   bare_newline: clean, hat: {defaults: {envelope_sender_verify: yes},\n"
    "     groups: [{name: R, policy: $RELAYED, entries: [192.0.2.]}]}}\n"
    "- {name: C, type: private, protocol: QMQP, interface: Net, port: 27}\n"
    "- {name: D, type: sinkhole-noqueue, protocol: QMQP, interface: Net,\n"
    "   port: 28, hat: {groups: [{name: R, policy: $RELAYED,\n"
    "   entries: [192.0.2.]}]}}\n";
