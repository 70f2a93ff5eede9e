-- webhooks: the attempts of one webhook, newest first.
CREATE INDEX webhook_delivery_order ON read_model.webhook_delivery (webhook_id, delivery_id);
