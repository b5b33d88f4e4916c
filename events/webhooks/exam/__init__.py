"""An exam for an integrator's endpoint: everything that a receiver of webhooks meets sooner or later, in a minute."""
