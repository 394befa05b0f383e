"""The coordinators' pages, and the support service's."""

from wallet.coordinator.views import blueprint

__all__ = ["blueprint"]
