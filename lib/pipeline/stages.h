/*
 * stages.h - every stage's decision, for the table of the order
 *
 * One line each: what it decides, the facts it may ask for. The rules stand
 * above each in its file. Called through the table in pipeline.c.
 */
#ifndef PIPELINE_STAGES_H
#define PIPELINE_STAGES_H

#include "pipeline/stage.h"

#define STAGE_DECISION(name)                                                   \
	enum stage_answer name(                                                \
	    const struct subject *, const struct facts *, struct stage_out *)

/* AT_CONNECT */
STAGE_DECISION(limits_decide); /* 421 over listener and total limits */
STAGE_DECISION(hat_decide);    /* group, entry and policy of the client */
STAGE_DECISION(policy_decide); /* refuse, or greet */

/* AT_MAIL */
STAGE_DECISION(auth_required);
STAGE_DECISION(sender_address);
STAGE_DECISION(sender_size); /* the size declared */
STAGE_DECISION(sender_domain);
STAGE_DECISION(tls_required); /* of senders in a list */
STAGE_DECISION(exception_decide);
STAGE_DECISION(sender_verify);     /* FACT_SENDER_DOMAIN */
STAGE_DECISION(masquerade_sender); /* what will become of it */

/* AT_RCPT */
STAGE_DECISION(policy_delayed); /* the refusal that REJECT put off */
STAGE_DECISION(recipient_address);
STAGE_DECISION(recipient_domain);
STAGE_DECISION(bounce_tag_decide); /* FACT_BOUNCE_TAG */
STAGE_DECISION(domain_map_decide);
STAGE_DECISION(control_decide); /* FACT_RATE_HOST, FACT_RATE_SENDER */
STAGE_DECISION(rat_decide);     /* FACT_DHAP */
STAGE_DECISION(alias_decide);
STAGE_DECISION(ldap_accept_decide); /* FACT_LDAP_ACCEPT, FACT_DHAP */
STAGE_DECISION(callahead_decide);   /* FACT_CALLAHEAD */

/* AT_DATA */
STAGE_DECISION(prequeue_size); /* the size counted */
STAGE_DECISION(sdr_decide);    /* FACT_SDR */
STAGE_DECISION(gateway_decide);
STAGE_DECISION(prequeue_bounce_profile);

/* AT_WORK */
STAGE_DECISION(forged_decide); /* fields that only we may write */
bool forged_reads_header(const struct subject *);
STAGE_DECISION(bounce_header_decide); /* of bounces without a valid tag */
bool bounce_header_wanted(const struct subject *);
STAGE_DECISION(masquerade_decide); /* sender and headers */
STAGE_DECISION(message_id_decide);
bool message_id_wanted(const struct subject *);

#endif
