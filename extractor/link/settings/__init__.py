"""Django settings of a service: what each setting is, where it stands, and the datastores that settings declare."""

from extractor.link.settings.bindings import SettingBinding, setting_bindings
from extractor.link.settings.class_settings import chosen_classes, with_class_settings
from extractor.link.settings.environment import EnvironmentTable
from extractor.link.settings.jobs import Job, scheduled_jobs
from extractor.link.settings.layers import settings_modules
from extractor.link.settings.named_code import named_by, named_code
from extractor.link.settings.reads import setting_reads
from extractor.link.settings.rows import settings_rows
from extractor.link.settings.stores import DeclaredStore, StoreOf, declared_stores, store_lookup
from extractor.link.settings.table import SettingsTable, Where, settings_of, undefined_in

__all__ = [
    "DeclaredStore",
    "EnvironmentTable",
    "Job",
    "SettingBinding",
    "SettingsTable",
    "StoreOf",
    "Where",
    "chosen_classes",
    "declared_stores",
    "named_by",
    "named_code",
    "scheduled_jobs",
    "setting_bindings",
    "setting_reads",
    "settings_modules",
    "settings_of",
    "settings_rows",
    "store_lookup",
    "undefined_in",
    "with_class_settings",
]
