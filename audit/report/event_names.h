/* SPDX-License-Identifier: MIT
 *
 * Private to the reader of events: the texts of enums, as get_enum() wants them. */
#ifndef AUDIT_REPORT_EVENT_NAMES_H
#define AUDIT_REPORT_EVENT_NAMES_H

#include "audit/record/event_json.h"
#include "audit/report/facts_read.h"

static inline const char *severity_name(unsigned value)
{
	return severity_text((enum severity)value);
}

static inline const char *fault_name(unsigned value)
{
	return fault_text((enum fault)value);
}

static inline const char *outcome_name(unsigned value)
{
	return outcome_text((enum outcome)value);
}

static inline const char *chain_outcome_name(unsigned value)
{
	return chain_outcome_text((enum chain_outcome)value);
}

static inline const char *verdict_name(unsigned value)
{
	return verdict_text((enum verdict)value);
}

static inline const char *level_name(unsigned value)
{
	return event_level_text((enum uri_match)value);
}

static inline const char *cause_name(unsigned value)
{
	return cause_text((enum target_cause)value);
}

static inline const char *confidence_name(unsigned value)
{
	return confidence_text((enum confidence)value);
}

static inline const char *match_state_name(unsigned value)
{
	return match_state_text((enum match_state)value);
}

static inline const char *relation_name(unsigned value)
{
	return body_relation_text((enum body_relation)value);
}

static inline const char *tunnel_sign_name(unsigned value)
{
	return tunnel_sign_text((enum tunnel_sign)value);
}

#define AMBIGUITIES ((AMBIGUOUS_FIELDS | AMBIGUOUS_MESSAGE) + 1)

static inline const char *ambiguity_name(unsigned value)
{
	return ambiguity_text((enum ambiguity)value);
}

static inline enum confidence get_confidence(const json_t *object)
{
	return (enum confidence)get_enum(object, "confidence", CONFIDENCE_HIGH + 1, confidence_name);
}

#endif
