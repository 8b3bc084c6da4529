// Resources (table 156), for resource lines of orders.
page 50114 "SEC Resources"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'resource';
    EntitySetName = 'resources';
    EntityCaption = 'Resource';
    EntitySetCaption = 'Resources';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = Resource;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number';
                }
                field(displayName; Rec.Name)
                {
                    Caption = 'Display name';
                }
                field(type; Rec.Type)
                {
                    Caption = 'Type';
                }
                field(baseUnitOfMeasureCode; Rec."Base Unit of Measure")
                {
                    Caption = 'Base unit of measure code';
                }
                field(baseUnitOfMeasureId; BaseUnitOfMeasureId)
                {
                    Caption = 'Base unit of measure id';

                    trigger OnValidate()
                    var
                        UnitOfMeasure: Record "Unit of Measure";
                    begin
                        if not UnitOfMeasure.GetBySystemId(BaseUnitOfMeasureId) then
                            Error(NoUnitErr);
                        Rec.Validate("Base Unit of Measure", UnitOfMeasure.Code);
                    end;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit price';
                }
                field(unitCost; Rec."Unit Cost")
                {
                    Caption = 'Unit cost';
                }
                field(blocked; Rec.Blocked)
                {
                    Caption = 'Blocked';
                }
                field(taxGroupCode; Rec."Tax Group Code")
                {
                    Caption = 'Tax group code';
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        UnitOfMeasure: Record "Unit of Measure";
    begin
        Clear(BaseUnitOfMeasureId);
        if UnitOfMeasure.Get(Rec."Base Unit of Measure") then
            BaseUnitOfMeasureId := UnitOfMeasure.SystemId;
    end;

    var
        BaseUnitOfMeasureId: Guid;
        NoUnitErr: Label 'The "baseUnitOfMeasureId" does not match to a Unit of Measure.', Comment = 'baseUnitOfMeasureId is a field name.';
}
