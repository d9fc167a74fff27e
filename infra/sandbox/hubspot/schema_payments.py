"""HubSpot's own properties of payments, orders and subscriptions, as tables in the form of `schema`."""

_STATUSES = (
    "processing,succeeded,failed,partially_refunded,refunded,processing_refund,"
    "disputed_won,disputed_lost,disputed_action_required,disputed_awaiting_decision"
)
_METHODS = "card,ach,cash,check,wire_transfer,other,sepa,bacs,pads"
_WALLETS = "apple_pay,google_pay,amex_express_checkout,link,masterpass,samsung_pay,visa_checkout"

PAYMENTS: tuple[tuple[str, str, str], ...] = (
    ("hs_initial_amount+ hs_fees_amount hs_refunds_amount hs_line_item_discounts_amount", "number", ""),
    ("hs_initiated_date hs_payout_date", "datetime", ""),
    ("hs_customer_email hs_internal_comment hs_reference_number", "string", ""),
    ("hs_payment_method_bank_or_issuer hs_payment_method_last_4 hs_billing_bill_to_name", "string", ""),
    ("hs_billing_address_line_1 hs_billing_address_line_2 hs_billing_address_city", "string", ""),
    ("hs_billing_address_state hs_billing_address_zip hs_billing_address_country", "string", ""),
    ("hs_shipping_address_line_1 hs_shipping_address_line_2 hs_shipping_address_city", "string", ""),
    ("hs_shipping_address_state hs_shipping_address_zip hs_shipping_address_country", "string", ""),
    ("hs_shipping_ship_to_name", "string", ""),
    # The guide does not name it; loaders use it as the unique key of payments.
    ("hs_external_reference_id", "string", "U"),
    # Their options are the account's currencies.
    ("hs_currency_code", "enumeration", ""),
    ("hs_settlement_currency_code", "enumeration", "R"),
    (f"hs_latest_status={_STATUSES}", "enumeration", ""),
    (f"hs_payment_method_type={_METHODS}", "enumeration", ""),
    ("hs_processor_type=hs_payments,byo_stripe,none,quickbooks,xero", "enumeration", ""),
    (f"hs_payment_method={_METHODS}", "enumeration", "R"),
    (f"hs_digital_wallet_type={_WALLETS}", "enumeration", "R"),
    ("hs_payment_type=one_time_or_initial,recurring", "enumeration", "R"),
    ("hs_payment_source_app=SALES_CHECKOUT,QUOTE,INVOICE,MIGRATION,SUBSCRIPTION", "enumeration", "R"),
    ("hs_payment_source_id hs_payment_source_name hs_payment_source_url", "string", "R"),
    ("hs_payment_id hs_payment_creation_method hs_order_discount_code", "string", "R"),
    ("hs_order_discount_amount hs_order_discount_percentage", "number", "R"),
    ("hs_platform_fee", "number", "R"),
    ("hs_platform_fee_in_portal_currency hs_platform_fee_in_settlement_currency", "number", "C"),
    ("hs_fees_amount_in_settlement_currency", "number", "C"),
    ("hs_net_amount hs_net_amount_in_portal_currency hs_net_amount_in_settlement_currency", "number", "C"),
    ("hs_net_amount_after_refunds", "number", "C"),
    ("hs_initial_amount_in_portal_currency hs_initial_amount_in_settlement_currency", "number", "C"),
    ("hs_refunds_amount_in_portal_currency hs_max_refundable_amount_in_portal_currency", "number", "C"),
    ("hs_total_discounts_amount hs_total_discounts_amount_in_portal_currency", "number", "C"),
    ("hs_line_item_discounts_amount_in_portal_currency", "number", "C"),
    ("hs_presentment_to_portal_currency_dated_exchange_rate", "number", "C"),
    ("hs_number_of_associated_invoices", "number", "C"),
    ("hs_has_associated_invoice hs_hubspot_payments_enabled", "bool", "C"),
)
ORDERS: tuple[tuple[str, str, str], ...] = (
    ("hs_order_name hs_external_order_id hs_currency_code hs_external_order_status hs_source_store", "string", ""),
    ("hs_total_price hs_order_discount hs_shipping_cost hs_tax", "number", ""),
)
SUBSCRIPTIONS: tuple[tuple[str, str, str], ...] = (
    ("hs_name hs_status hs_currency_code hs_recurring_billing_period recurringbillingfrequency", "string", ""),
    ("hs_recurring_billing_start_date", "date", ""),
    ("hs_last_payment_amount hs_next_payment_amount", "number", ""),
)
